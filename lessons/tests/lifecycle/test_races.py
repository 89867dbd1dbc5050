"""Many at once on one lesson: the first one wins, the others are told so, and nobody waits for long."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from lessons import lifecycle
from lessons.lifecycle import ConcurrentChange, Edit, TransitionRefused
from lessons.models import Lesson, Status, User
from lessons.tests.lifecycle.ways import change
from lessons.tests.people import draft, scheduled, started, tomorrow
from lessons.tests.racing import PATIENCE_SECONDS, race
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db(transaction=True)


def test_fifty_start_one_lesson_and_one_does(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    results = race([partial(change, "start", lesson, alice)] * 50)

    assert sum(isinstance(result, Lesson) for result in results) == 1
    assert sum(isinstance(result, TransitionRefused | ConcurrentChange) for result in results) == 49
    assert {error.lesson.status for error in results if isinstance(error, TransitionRefused)} == {Status.IN_PROGRESS}
    assert history(lesson) == ["created", "scheduled", "started"]


def test_of_completing_and_cancelling_one_happens(alice: User, bob: User) -> None:
    for day in range(10):
        lesson = started(alice, bob, at=tomorrow() + timedelta(days=day))

        results = race([partial(change, name, lesson, alice) for name in ("complete", "cancel")])

        assert Counter(map(type, results)) == {Lesson: 1, TransitionRefused: 1}
        (winner,) = (result for result in results if isinstance(result, Lesson))
        assert history(lesson)[3:] == [winner.status]
        assert Lesson.objects.get(pk=lesson.pk).version == 4


def test_edits_of_different_fields_are_all_kept(alice: User) -> None:
    lesson = draft(alice)
    edits = [Edit(title="Geometry"), Edit(description="Triangles")]

    race([partial(lifecycle.update_lesson, lesson_id=lesson.pk, actor=alice, edit=edit) for edit in edits])

    lesson.refresh_from_db()
    assert (lesson.title, lesson.description, lesson.version) == ("Geometry", "Triangles", 3)
    assert history(lesson) == ["created", "updated", "updated"]


# --- Lock time-outs -------------------------------------------------------------------------------


@contextmanager
def somebody_else_holds(rows: str, pk: int) -> Iterator[None]:
    """Another connection has locked `rows`, for as long as the block runs; ours waits 100 ms instead of 2 s."""
    locked, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {rows}", [pk])
            locked.set()
            done.wait(PATIENCE_SECONDS)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(PATIENCE_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        yield
    finally:
        done.set()
        holder.join()
        connection.close()


def test_a_lesson_that_somebody_else_holds_is_a_concurrent_change(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with (
        somebody_else_holds("lessons_lesson WHERE id = %s FOR NO KEY UPDATE", lesson.pk),
        nothing_written(),
        pytest.raises(ConcurrentChange),
    ):
        change("start", lesson, alice)

    assert change("start", lesson, alice).status == Status.IN_PROGRESS


def test_people_whom_somebody_else_is_booking_are_a_concurrent_change(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    with (
        somebody_else_holds("lessons_user WHERE id = %s FOR NO KEY UPDATE", bob.pk),
        nothing_written(),
        pytest.raises(ConcurrentChange),
    ):
        change("schedule", lesson, alice)

    assert change("schedule", lesson, alice).status == Status.SCHEDULED


def test_a_change_does_not_wait_for_the_relay_whose_new_rows_point_at_the_lesson(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with somebody_else_holds("lessons_lesson WHERE id = %s FOR KEY SHARE", lesson.pk):
        assert change("start", lesson, alice).status == Status.IN_PROGRESS


def test_a_connection_waits_two_seconds_for_a_lock(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("2s",)
