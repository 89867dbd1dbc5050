"""A save that fails leaves the instance as it was; one that was rolled back cannot be built upon."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from lessons import lifecycle
from lessons.models import Lesson, SlotConflict, StaleLesson, Status, User
from lessons.tests.people import draft, scheduled, started
from lessons.tests.racing import race
from lessons.tests.rows import booked, delete_behind_everybodys_back, history, ids, nothing_written

pytestmark = pytest.mark.django_db


@contextmanager
def database_fails_at(statement: str) -> Iterator[None]:
    """Lets the connection drop, as it were, at the first statement that has this in it."""

    def fail(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if statement in sql:
            raise DatabaseError("gone")
        return execute(sql, *args)

    with connection.execute_wrapper(fail):
        yield


EVERY_WRITE = pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "lessons_lesson"',
        'INSERT INTO "lessons_lesson_students"',
        "INSERT INTO lessons_booking",
        "INSERT INTO lessons_lessonevent",
    ],
)


@EVERY_WRITE
def test_a_transition_that_failed_to_be_saved_is_saved_by_the_next_try(
    statement: str, alice: User, bob: User, carol: User
) -> None:
    lesson = Lesson.objects.get(pk=draft(alice, bob).pk).stage_students([bob.pk, carol.pk])
    updated_at = lesson.updated_at
    lesson.schedule(actor=alice)

    with nothing_written(), database_fails_at(statement), pytest.raises(DatabaseError):
        lesson.save()
    assert (lesson.version, lesson.updated_at, lesson.status) == (1, updated_at, Status.SCHEDULED)
    lesson.save()

    assert history(lesson) == ["created", "scheduled"]
    assert lesson.events.latest("id").actor == alice
    assert booked(lesson) == ids(alice, bob, carol)


@pytest.mark.parametrize("table", ['"lessons_lesson"', '"lessons_lesson_students"', "lessons_lessonevent"])
def test_a_creation_that_failed_is_as_unsaved_as_before(table: str, alice: User, bob: User) -> None:
    template = draft(alice)
    lesson = Lesson(title="Geometry", teacher=alice, start_time=template.start_time, end_time=template.end_time)
    lesson.stage_students([bob.pk])

    with nothing_written(), database_fails_at(f"INSERT INTO {table}"), pytest.raises(DatabaseError):
        lesson.save()
    assert (lesson.pk, lesson.version, lesson.created_at, lesson._state.adding) == (None, 0, None, True)
    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.version, history(row), row.student_ids) == (1, ["created"], ids(bob))


def test_a_partly_read_lesson_that_failed_to_be_saved_is_saved_by_the_next_try(alice: User) -> None:
    lesson = Lesson.objects.only("title").get(pk=draft(alice).pk)
    lesson.title = "Geometry"

    with nothing_written(), database_fails_at("INSERT INTO lessons_lessonevent"), pytest.raises(DatabaseError):
        lesson.save()
    assert {"created_at", "updated_at"} <= lesson.get_deferred_fields()
    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.title, row.version, row.created_at) == ("Geometry", 2, lesson.created_at)


def test_a_clash_leaves_the_lesson_to_be_saved_once_the_slot_is_free(alice: User, anna: User, bob: User) -> None:
    other = scheduled(anna, bob)
    lesson = draft(alice, bob)
    lesson.schedule()

    with nothing_written(), pytest.raises(SlotConflict):
        lesson.save()
    lifecycle.cancel_lesson(lesson_id=other.pk, actor=anna)
    lesson.save()

    assert booked(lesson) == ids(alice, bob)


# --- Rollbacks ------------------------------------------------------------------------------------


def start_and_roll_back(lesson: Lesson) -> None:
    with transaction.atomic():
        lesson.start()
        lesson.save()
        transaction.set_rollback(True)


def test_a_rolled_back_savepoint_takes_the_history_with_it(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with transaction.atomic(), nothing_written():
        start_and_roll_back(lesson)


def test_an_instance_from_a_rollback_is_stale(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    start_and_roll_back(lesson)
    lesson.complete()

    with nothing_written(), pytest.raises(StaleLesson):
        lesson.save()


def test_an_instance_from_a_rollback_is_good_again_once_refreshed(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    start_and_roll_back(lesson)

    lesson.refresh_from_db()
    lesson.start()
    lesson.save()

    assert history(lesson) == ["created", "scheduled", "started"]


def test_a_lesson_whose_creation_was_rolled_back_is_stale(alice: User) -> None:
    with transaction.atomic():
        lesson = draft(alice)
        transaction.set_rollback(True)
    lesson.title = "Geometry"

    with nothing_written(), pytest.raises(StaleLesson):
        lesson.save()


# --- Stale and deleted rows -----------------------------------------------------------------------


def change_title(lesson: Lesson) -> None:
    lesson.title = "Topology"


@pytest.mark.parametrize("change", [change_title, Lesson.cancel, lambda lesson: lesson.stage_students([])])
def test_a_stale_lesson_overwrites_nothing(change: Callable[[Lesson], object], alice: User, bob: User) -> None:
    lesson = started(alice, bob)
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(title="Geometry"))
    change(lesson)

    with nothing_written(), pytest.raises(StaleLesson):
        lesson.save()

    assert lesson.version == 3


@pytest.mark.parametrize("change", [change_title, Lesson.schedule, lambda lesson: lesson.stage_students([])])
def test_a_deleted_lesson_is_not_resurrected(change: Callable[[Lesson], object], alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    assert lesson.student_ids == ids(bob)
    delete_behind_everybodys_back(lesson)
    change(lesson)

    with nothing_written(), pytest.raises(StaleLesson):
        lesson.save()


def test_a_lesson_with_history_cannot_be_deleted(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written(), pytest.raises(ProtectedError):
        lesson.delete()


# --- Races ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_eight_shells_start_one_lesson_and_one_wins(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    shells = [Lesson.objects.get(pk=lesson.pk) for _ in range(8)]
    for shell in shells:
        shell.start()

    results = race([shell.save for shell in shells])

    assert results.count(None) == 1
    assert sum(isinstance(result, StaleLesson) for result in results) == 7
    assert history(lesson) == ["created", "scheduled", "started"]
    assert Lesson.objects.get(pk=lesson.pk).version == 3


@pytest.mark.django_db(transaction=True)
def test_shells_that_stage_different_students_do_not_mix_them(alice: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, bob)
    wishes = [carol.pk], [bob.pk, carol.pk]
    shells = [Lesson.objects.get(pk=lesson.pk).stage_students(wish) for wish in wishes]

    results = race([shell.save for shell in shells])

    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StaleLesson"]
    winner = shells[results.index(None)]
    assert Lesson.objects.get(pk=lesson.pk).student_ids == winner.student_ids
    assert booked(lesson) == winner.student_ids | ids(alice)
