"""The ways round the life cycle, and that they are closed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from lessons.models import Lesson, Status, UnrecordedChange, User
from lessons.models.lesson import LessonQuerySet
from lessons.tests.people import cancelled, completed, draft, scheduled, started
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

MAKERS = [draft, scheduled, started, completed, cancelled]
IN_EVERY_STATUS = pytest.mark.parametrize("make", MAKERS)


@IN_EVERY_STATUS
@pytest.mark.parametrize("status", Status)
def test_the_status_is_never_assigned(make: Callable[..., Lesson], status: Status, alice: User, bob: User) -> None:
    lesson = make(alice, bob)

    with pytest.raises(AttributeError):
        lesson.status = status


def bulk_update(lessons: LessonQuerySet) -> Any:
    lesson = lessons.get()
    lesson.title = "Geometry"
    return lessons.bulk_update([lesson], ["title"])


BULK_WRITES: list[Callable[[LessonQuerySet], Any]] = [
    lambda lessons: lessons.update(status=Status.COMPLETED),
    lambda lessons: lessons.filter(title="Algebra").update(title="Geometry"),
    bulk_update,
    lambda lessons: lessons.bulk_create([lessons.get()]),
]


@pytest.mark.parametrize("write", BULK_WRITES)
def test_bulk_writes_are_refused(write: Callable[[LessonQuerySet], Any], alice: User) -> None:
    draft(alice)

    with nothing_written(), pytest.raises(UnrecordedChange):
        write(Lesson.objects)


@pytest.mark.parametrize("write", BULK_WRITES)
def test_bulk_writes_are_refused_from_the_teachers_side(write: Callable[[Any], Any], alice: User) -> None:
    draft(alice)

    with nothing_written(), pytest.raises(UnrecordedChange):
        write(alice.lessons_taught)


@pytest.mark.parametrize("method", ["add", "set"])
def test_a_teacher_is_not_given_a_lesson_behind_its_back(method: str, alice: User, anna: User) -> None:
    lesson = draft(alice)
    given = lesson if method == "add" else [lesson]

    with nothing_written(), pytest.raises(UnrecordedChange):
        getattr(anna.lessons_taught, method)(given)


STUDENT_WRITES: list[Callable[[Lesson, User, User], Any]] = [
    lambda lesson, bob, carol: lesson.students.add(carol),
    lambda lesson, bob, carol: lesson.students.remove(bob),
    lambda lesson, bob, carol: lesson.students.set([carol]),
    lambda lesson, bob, carol: lesson.students.clear(),
    lambda lesson, bob, carol: carol.lessons_attended.add(lesson),
    lambda lesson, bob, carol: bob.lessons_attended.remove(lesson),
    lambda lesson, bob, carol: carol.lessons_attended.set([lesson]),
    lambda lesson, bob, carol: bob.lessons_attended.clear(),
]


@IN_EVERY_STATUS
@pytest.mark.parametrize("write", STUDENT_WRITES)
def test_students_are_staged_and_never_written_directly(
    write: Callable[[Lesson, User, User], Any], make: Callable[..., Lesson], alice: User, bob: User, carol: User
) -> None:
    lesson = make(alice, bob)

    with nothing_written(), pytest.raises(UnrecordedChange, match="stage_students"), transaction.atomic():
        write(lesson, bob, carol)


@pytest.mark.parametrize(
    ("assignment", "constraint"),
    [("status = 'postponed'", "lesson_status_known"), ("end_time = start_time", "lesson_ends_after_start")],
)
def test_the_database_refuses_what_no_lesson_can_be(assignment: str, constraint: str, alice: User) -> None:
    draft(alice)

    with pytest.raises(DatabaseError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE lessons_lesson SET {assignment}")
