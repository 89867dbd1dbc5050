"""Every change of a lesson: what API, admin and commands call. One function per use, one transaction per call.

Each function locks the lesson, asks the table of rights on the locked row, changes it and saves. All return the
saved lesson, with `latest_event` set to the event that was written (None where nothing changed). They raise:

`LessonNotFound`      no such lesson, or not one that the actor may see
`NotPermitted`        the actor sees it, but may not do this
`VersionMismatch`     `expected_version` is not the lesson's version
`InvalidLesson`       a value that no lesson can have; names the field
`NotEditable`         this may not be edited in the lesson's status
`TransitionRefused`   the transition is not possible from the lesson's status
`ConditionUnmet`      it is, but a condition is not met
`SlotConflict`        somebody is already booked
`ConcurrentChange`    another change of the lesson is under way
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_fsm import TransitionNotAllowed

from lessons import policies
from lessons.models import Lesson, StaleLesson, Status, User
from lessons.models.lesson import FINISHED, ConditionUnmet
from lessons.policies import Relation, Right

LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED = "55P03", "40P01"
FURTHEST_AWAY_YEARS = 5


class LessonNotFound(Exception):
    """No such lesson, as far as the actor may know."""


class NotPermitted(Exception):
    """The actor may see the lesson, but not do this."""


class VersionMismatch(Exception):
    """The lesson has changed since the actor read it."""


class ConcurrentChange(Exception):
    """Somebody else is changing the same lesson, or the same people's bookings."""


class InvalidLesson(Exception):
    """A value that no lesson can have. `field` names it, `code` is for machines, `reason` for people."""

    def __init__(self, field: str, code: str, reason: str | Promise) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.code, self.reason = field, code, reason


class NotEditable(Exception):
    """The field may not be edited while the lesson has its status."""

    def __init__(self, lesson: Lesson, field: str) -> None:
        super().__init__(f"{field} of a {lesson.status} lesson")
        self.lesson, self.field = lesson, field


class TransitionRefused(Exception):
    """The transition is not possible from the lesson's status. Carries the lesson as it is."""

    def __init__(self, lesson: Lesson, name: str) -> None:
        super().__init__(f"{name} from {lesson.status}")
        self.lesson, self.name = lesson, name


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What an update sets; None leaves a field as it is."""

    title: str | None = None
    description: str | None = None
    teacher_id: int | None = None
    students: frozenset[int] | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None

    def given(self) -> dict[str, Any]:
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}


EDITABLE: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({"title", "description", "teacher_id", "students", "start_time", "end_time"}),
    Status.SCHEDULED: frozenset({"title", "description", "teacher_id", "students"}),
    Status.IN_PROGRESS: frozenset({"title", "description"}),
    **dict.fromkeys(FINISHED, frozenset()),
}


# --- Create and update --------------------------------------------------------------------------


def create_lesson(
    *,
    actor: User | None,
    title: str,
    start_time: datetime,
    end_time: datetime,
    teacher_id: int | None = None,
    students: Iterable[int] = (),
    description: str = "",
    reason: str = "",
    now: datetime | None = None,
) -> Lesson:
    """A new draft. Teachers may leave `teacher_id` out: it is themselves."""
    check_may_create(actor=actor)
    if teacher_id is None and actor is not None and actor.role in policies.TEACHING_ROLES:
        teacher_id = actor.pk
    if not policies.may_create_for(actor, teacher_id):
        raise NotPermitted
    if teacher_id is None:
        raise InvalidLesson("teacher", "required", _("Name the teacher who gives this lesson."))
    lesson = Lesson(
        title=title, description=description, teacher_id=teacher_id, start_time=start_time, end_time=end_time
    )
    lesson.attribute(actor=actor, reason=reason, now=now).stage_students(students)
    _validate_people(lesson, joining=lesson.student_ids, new_teacher=True)
    _validate_times(lesson, start_time, end_time)
    with _told_as_domain_errors():
        lesson.save()
    return lesson


def update_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    edit: Edit,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """Set the fields of `edit`. What is equal already does not count: nothing changed, nothing written."""
    with _locked(lesson_id, actor, Right.UPDATE) as lesson:
        lesson.attribute(actor=actor, reason=reason, now=now)
        changed = {name: value for name, value in edit.given().items() if value != _current(lesson, name)}
        if "teacher_id" in changed and not policies.has_right(actor, Right.SET_TEACHER, _relation(lesson, actor)):
            raise NotPermitted
        status, students_before = lesson.status, lesson.student_ids
        _apply(lesson, changed)
        _validate_people(lesson, joining=lesson.student_ids - students_before, new_teacher="teacher_id" in changed)
        if changed.keys() & {"start_time", "end_time"}:
            _validate_times(lesson, lesson.start_time, lesson.end_time)
        _expect(lesson, expected_version)
        for name in changed:
            if name not in EDITABLE[status]:
                raise NotEditable(lesson, name)
        if status == Status.SCHEDULED and not lesson.student_ids:
            raise ConditionUnmet("no_students", _("A scheduled lesson keeps at least one student; cancel it instead."))
        lesson.save()
    return lesson


# --- Transitions --------------------------------------------------------------------------------


def schedule_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """draft → scheduled: books everybody."""
    return _transition("schedule", lesson_id, actor, reason, expected_version, now)


def reschedule_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    start_time: datetime,
    end_time: datetime,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """scheduled → scheduled at another time."""
    return _transition(
        "reschedule", lesson_id, actor, reason, expected_version, now, start_time=start_time, end_time=end_time
    )


def start_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """scheduled → in_progress."""
    return _transition("start", lesson_id, actor, reason, expected_version, now)


def complete_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """in_progress → completed."""
    return _transition("complete", lesson_id, actor, reason, expected_version, now)


def cancel_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """draft, scheduled, in_progress → cancelled: frees everybody."""
    return _transition("cancel", lesson_id, actor, reason, expected_version, now)


BY_TRANSITION: dict[str, Callable[..., Lesson]] = {
    "schedule": schedule_lesson,
    "reschedule": reschedule_lesson,
    "start": start_lesson,
    "complete": complete_lesson,
    "cancel": cancel_lesson,
}


def _transition(
    name: str,
    lesson_id: int,
    actor: User | None,
    reason: str,
    expected_version: int | None,
    now: datetime | None,
    **arguments: datetime,
) -> Lesson:
    with _locked(lesson_id, actor, Right(name)) as lesson:
        lesson.attribute(actor=actor, reason=reason, now=now)
        if arguments:
            _validate_times(lesson, **arguments)
        _expect(lesson, expected_version)
        try:
            getattr(lesson, name)(actor=actor, reason=reason, **arguments)
        except TransitionNotAllowed as error:
            raise _refusal(lesson, name) from error
        lesson.save()
    return lesson


def _refusal(lesson: Lesson, name: str) -> Exception:
    """Why a transition was not allowed: the status, or the first condition that is not met."""
    meta = getattr(lesson, name)._django_fsm
    if not meta.has_transition(lesson.status):
        return TransitionRefused(lesson, name)
    unmet = next(check for check in meta.get_transition(lesson.status).conditions if not check(lesson))
    return ConditionUnmet(unmet.code, unmet.reason)


# --- What all of them need ----------------------------------------------------------------------


@contextmanager
def _locked(lesson_id: int, actor: User | None, right: Right) -> Iterator[Lesson]:
    """The lesson, locked for one transaction, once it is sure that the actor may do this to it."""
    with _told_as_domain_errors(), transaction.atomic():
        # NO KEY: does not wait for the relay, whose new rows point at this lesson.
        lesson = Lesson.objects.select_for_update(of=("self",), no_key=True).filter(pk=lesson_id).first()
        _check_access(lesson, actor, right)
        assert lesson is not None  # noqa: S101 - _check_access has refused it
        yield lesson


def check_may_create(*, actor: User | None, teacher_id: int | None = None) -> None:
    """Raise `NotPermitted` for whose role creates no lessons at all, or none for this teacher."""
    if actor is not None and not policies.may_create(actor):
        raise NotPermitted
    if teacher_id is not None and not policies.may_create_for(actor, teacher_id):
        raise NotPermitted


def check_access(*, lesson_id: int, actor: User, right: Right) -> None:
    """Raise `LessonNotFound` or `NotPermitted`, as the change itself would."""
    _check_access(Lesson.objects.filter(pk=lesson_id).first(), actor, right)


def _check_access(lesson: Lesson | None, actor: User | None, right: Right) -> None:
    if lesson is None:
        raise LessonNotFound
    relation = _relation(lesson, actor)
    if not policies.has_right(actor, Right.READ, relation):
        raise LessonNotFound
    if not policies.has_right(actor, right, relation):
        raise NotPermitted


@contextmanager
def _told_as_domain_errors() -> Iterator[None]:
    try:
        yield
    except StaleLesson as error:
        raise ConcurrentChange from error
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) in (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED):
            raise ConcurrentChange from error
        raise


def _relation(lesson: Lesson, actor: User | None) -> Relation:
    """As little as the answer needs: for who sees everything, the students are not looked up."""
    return Relation.NONE if actor is None or policies.sees_everything(actor) else lesson.relation_of(actor)


def _current(lesson: Lesson, name: str) -> Any:
    return lesson.student_ids if name == "students" else getattr(lesson, name)


def _apply(lesson: Lesson, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        if name == "students":
            lesson.stage_students(value)
        else:
            setattr(lesson, name, value)


def _expect(lesson: Lesson, version: int | None) -> None:
    if version is not None and version != lesson.version:
        raise VersionMismatch


# --- What holds for every lesson, whoever asks ----------------------------------------------------


def _validate_times(lesson: Lesson, start_time: datetime, end_time: datetime) -> None:
    if end_time <= start_time:
        raise InvalidLesson("end_time", "ends_before_start", _("A lesson ends after it starts: set a later end_time."))
    for name, value in (("start_time", start_time), ("end_time", end_time)):
        if not _years_from(lesson.now, -FURTHEST_AWAY_YEARS) <= value <= _years_from(lesson.now, FURTHEST_AWAY_YEARS):
            raise InvalidLesson(name, "too_far_away", _("This is more than five years away: check the year."))


def _years_from(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # February 29th
        return moment.replace(year=moment.year + years, day=28)


def _validate_people(lesson: Lesson, *, joining: frozenset[int], new_teacher: bool) -> None:
    """Roles are asked of those who are new to the lesson, in one query each."""
    if lesson.teacher_id in lesson.student_ids:
        raise InvalidLesson("students", "teacher_among_students", _("The teacher cannot be one of the students."))
    if new_teacher and not User.objects.teachers().filter(pk=lesson.teacher_id).exists():
        raise InvalidLesson(
            "teacher", "not_a_teacher", _("%(id)s is not an active teacher.") % {"id": lesson.teacher_id}
        )
    known = set(User.objects.attendees().filter(pk__in=joining).values_list("pk", flat=True)) if joining else set()
    if unknown := sorted(joining - known):
        names = ", ".join(map(str, unknown[:10]))
        raise InvalidLesson(
            "students", "not_a_student", _("Not active students or teachers: %(ids)s.") % {"ids": names}
        )
