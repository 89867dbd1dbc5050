"""Who may touch a lesson: found, permitted, locked and of the expected version."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, transaction

from lessons import policies, prevented
from lessons.models import Lesson, SlotConflict, StaleLesson, User
from lessons.models.by_id import reader
from lessons.models.taking_part import load_people
from lessons.policies import Relation, Right

LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED = "55P03", "40P01"

# NO KEY: does not wait for the relay, whose new rows point at this lesson.
_lock_lesson = reader(Lesson, locking="FOR NO KEY UPDATE")


class LessonNotFound(Exception):
    """No such lesson, as far as the actor may know."""


class NotPermitted(Exception):
    """The actor may see the lesson, but not do this."""


class VersionMismatch(Exception):
    """The lesson has changed since the actor read it."""


class ConcurrentChange(Exception):
    """Somebody else is changing the same lesson, or the same people's bookings."""


def check_may_create(*, actor: User | None, teacher_id: int | None = None) -> None:
    """Raise `NotPermitted` for whose role creates no lessons at all, or none for this teacher."""
    if actor is not None and not policies.may_create(actor):
        raise NotPermitted
    if teacher_id is not None and not policies.may_create_for(actor, teacher_id):
        raise NotPermitted


def check_access(*, lesson_id: int, actor: User | None, right: Right) -> None:
    """Raise `LessonNotFound` or `NotPermitted`, as the change itself would."""
    _check_access(Lesson.objects.filter(pk=lesson_id).first(), actor, right)


def _check_access(lesson: Lesson | None, actor: User | None, right: Right) -> None:
    if lesson is None:
        raise LessonNotFound
    relation = relation_to(lesson, actor)
    if not policies.has_right(actor, Right.READ, relation):
        raise LessonNotFound
    if not policies.has_right(actor, right, relation):
        raise NotPermitted


@contextmanager
def locked_lesson(lesson_id: int, actor: User | None, right: Right) -> Iterator[Lesson]:
    """The lesson, locked for one transaction, once it is sure that the actor may do this to it."""
    with told_as_domain_errors(), transaction.atomic():
        lesson = _lock_lesson(lesson_id)
        if lesson is None:
            raise LessonNotFound
        load_people(lesson)  # for the rights, the recipients and the answer alike
        _check_access(lesson, actor, right)
        lesson.saves_in_savepoint = False  # whatever fails in here ends the transaction
        yield lesson
        lesson.saves_in_savepoint = True


@contextmanager
def told_as_domain_errors() -> Iterator[None]:
    try:
        yield
    except SlotConflict:
        prevented.note_clash()  # everything is rolled back, and nobody waits for our locks any more
        raise
    except StaleLesson as error:
        raise ConcurrentChange from error
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) in (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED):
            raise ConcurrentChange from error
        raise


def relation_to(lesson: Lesson, actor: User | None) -> Relation:
    """As little as the table of rights needs: for who sees everything, the students are not looked up."""
    return Relation.NONE if actor is None or policies.sees_everything(actor) else lesson.relation_of(actor)


def expect_version(lesson: Lesson, version: int | None) -> None:
    if version is not None and version != lesson.version:
        raise VersionMismatch
