"""What is in the database, for tests that compare a before with an after."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection

from lessons.models import Booking, Dispatch, Lesson, LessonEvent, User


def written() -> dict[str, list[Any]]:
    """Everything that a change of a lesson could have left behind."""
    return {
        "lessons": list(Lesson.objects.order_by("pk").values()),
        "students": list(Lesson.students.through.objects.order_by("pk").values_list("lesson_id", "user_id")),
        "bookings": list(Booking.objects.order_by("pk").values_list("lesson_id", "user_id", "during")),
        "events": list(LessonEvent.objects.order_by("pk").values_list("pk", "name")),
        "dispatches": list(Dispatch.objects.order_by("pk").values_list("pk", flat=True)),
    }


@contextmanager
def nothing_written() -> Iterator[None]:
    """Asserts that the block leaves every row as it was, `updated_at` included."""
    before = written()
    yield
    assert written() == before


def history(lesson: Lesson) -> list[str]:
    """The names of the lesson's events, oldest first."""
    return list(lesson.events.order_by("id").values_list("name", flat=True))


def told(lesson: Lesson) -> set[int]:
    """Who is to be told of the lesson's latest event, by its dispatch; nobody where there is none."""
    dispatch = Dispatch.objects.select_related("event").filter(event=lesson.events.latest("id")).first()
    return set(dispatch.event.recipients) if dispatch else set()


def booked(lesson: Lesson) -> set[int]:
    """Who is taken by the lesson, at its present times."""
    during = {(booking.during.lower, booking.during.upper) for booking in lesson.bookings.all()}
    row = Lesson.objects.get(pk=lesson.pk)
    assert during <= {(row.start_time, row.end_time)}
    return set(lesson.bookings.values_list("user_id", flat=True))


def ids(*people: User) -> set[int]:
    return {person.pk for person in people}


def delete_behind_everybodys_back(lesson: Lesson) -> None:
    """By raw SQL, with everything that points at it: no code of ours would."""
    tables = ("lessons_dispatch", "lessons_lessonevent", "lessons_booking", "lessons_lesson_students")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table} WHERE lesson_id = %s", [lesson.pk])
        cursor.execute("DELETE FROM lessons_lesson WHERE id = %s", [lesson.pk])


def a_day_passes(lesson: Lesson) -> None:
    """Everything about the lesson is a day older. By raw SQL: nobody else can change history."""
    with connection.cursor() as cursor:
        for statement in (
            "UPDATE lessons_lesson SET start_time = start_time - %s, end_time = end_time - %s WHERE id = %s",
            "UPDATE lessons_lessonevent SET start_time = start_time - %s, created_at = created_at - %s "
            "WHERE lesson_id = %s",
        ):
            cursor.execute(statement, [timedelta(days=1), timedelta(days=1), lesson.pk])
