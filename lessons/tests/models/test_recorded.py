"""`lesson.start(); lesson.save()`: one write for the row, its history, its bookings and the duty to tell."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_fsm.signals import post_transition

from lessons.lifecycle import EDITABLE
from lessons.models import Lesson, Status, UnrecordedChange, User
from lessons.models.remembered import COMPARED
from lessons.request_id import current_request_id
from lessons.tests.people import completed, draft, scheduled, started, tomorrow
from lessons.tests.rows import booked, history, ids, nothing_written, told

pytestmark = pytest.mark.django_db


def unsaved(teacher: User, **more: Any) -> Lesson:
    start = tomorrow()
    return Lesson(title="Algebra", teacher=teacher, start_time=start, end_time=start + timedelta(hours=1), **more)


def test_a_plain_shell_writes_the_event_too_and_its_actor_is_the_system(alice: User, bob: User) -> None:
    lesson = Lesson.objects.get(pk=scheduled(alice, bob).pk)

    lesson.start()
    lesson.save()

    event = lesson.events.latest("id")
    assert (event.name, event.seq, event.actor, event.reason) == ("started", lesson.version, None, "")
    assert told(lesson) == ids(alice, bob)


def test_a_transition_says_who_and_why(alice: User, bob: User) -> None:
    lesson = Lesson.objects.get(pk=scheduled(alice, bob).pk)

    lesson.cancel(actor=alice, reason="flu")
    lesson.save()

    event = lesson.events.latest("id")
    assert (event.actor, event.reason) == (alice, "flu")


def test_who_created_and_who_updated_is_said_by_attribute_and_forgotten_after_each_save(
    alice: User, maria: User
) -> None:
    lesson = unsaved(alice).attribute(actor=alice, reason="new term")
    lesson.save()
    lesson.title = "Geometry"
    lesson.attribute(actor=maria, reason="typo").save()
    lesson.title = "Topology"
    lesson.save()

    said = [(event.name, event.actor, event.reason) for event in lesson.events.order_by("id")]
    assert said == [("created", alice, "new term"), ("updated", maria, "typo"), ("updated", None, "")]


def test_the_request_id_lands_in_the_event(alice: User) -> None:
    token = current_request_id.set("req-42")
    try:
        lesson = draft(alice)
    finally:
        current_request_id.reset(token)

    assert lesson.events.get().request_id == "req-42"


def test_two_transitions_before_one_save_are_two_events(alice: User, bob: User) -> None:
    lesson = Lesson.objects.get(pk=draft(alice, bob).pk)

    lesson.schedule()
    lesson.start()
    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.status, row.version, history(row)) == (Status.IN_PROGRESS, 3, ["created", "scheduled", "started"])
    assert booked(row) == ids(alice, bob)


def test_an_unsaved_lesson_with_staged_students_can_be_scheduled_and_saved_at_once(alice: User, bob: User) -> None:
    lesson = unsaved(alice).stage_students([bob.pk])

    lesson.schedule()
    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.status, row.version, history(row)) == (Status.SCHEDULED, 2, ["created", "scheduled"])
    assert row.student_ids == ids(bob)
    assert booked(row) == ids(alice, bob)


def test_scheduled_and_cancelled_before_one_save_books_nobody(alice: User, bob: User) -> None:
    lesson = Lesson.objects.get(pk=draft(alice, bob).pk)

    lesson.schedule()
    lesson.cancel()
    lesson.save()

    assert booked(lesson) == set()
    assert history(lesson) == ["created", "scheduled", "cancelled"]


def test_a_transition_that_is_never_saved_tells_nobody(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        lesson.start()


def test_a_failed_transition_with_on_error_is_not_recorded(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    # What django-fsm-2 sends when a transition with `on_error` raises.
    post_transition.send(
        sender=Lesson,
        instance=lesson,
        name="start",
        field=Lesson._meta.get_field("status"),
        source=Status.SCHEDULED,
        target=Status.IN_PROGRESS,
        method_args=(),
        method_kwargs={},
        exception=ValueError("it went wrong"),
    )

    with nothing_written():
        lesson.save()


@pytest.mark.parametrize("make", [draft, scheduled, started, completed])
def test_nothing_changed_nothing_written(make: Callable[..., Lesson], alice: User, bob: User) -> None:
    lesson = Lesson.objects.prefetch_related("students").get(pk=make(alice, bob).pk)
    lesson.stage_students([bob.pk])
    lesson.title = str(lesson.title)

    with nothing_written(), CaptureQueriesContext(connection) as queries:
        lesson.save()

    assert not [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]


def test_a_save_without_change_asks_one_question(alice: User, bob: User) -> None:
    lesson = Lesson.objects.get(pk=scheduled(alice, bob).pk)

    with CaptureQueriesContext(connection) as queries:
        lesson.save()

    assert len(queries) == 1  # who attends


def test_staged_students_are_seen_after_the_save_in_a_prefetched_lesson(alice: User, bob: User, carol: User) -> None:
    lesson = Lesson.objects.prefetch_related("students").get(pk=draft(alice, bob).pk)

    lesson.stage_students([carol.pk]).save()

    assert list(lesson.students.all()) == [carol]
    assert lesson.student_ids == ids(carol)


@pytest.mark.parametrize("field", ["start_time", "end_time"])
@pytest.mark.parametrize("make", [scheduled, started, completed])
def test_times_changed_by_hand_after_the_draft_are_refused(
    make: Callable[..., Lesson], field: str, alice: User, bob: User
) -> None:
    lesson = make(alice, bob)
    setattr(lesson, field, getattr(lesson, field) + timedelta(minutes=5))

    with nothing_written(), pytest.raises(UnrecordedChange, match="reschedule"):
        lesson.save()


def test_times_changed_by_hand_along_with_a_transition_are_refused(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.end_time += timedelta(minutes=5)
    lesson.start()

    with nothing_written(), pytest.raises(UnrecordedChange):
        lesson.save()


def test_times_of_a_draft_may_change_along_with_its_scheduling(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    lesson.end_time += timedelta(minutes=5)

    lesson.schedule()
    lesson.save()

    assert booked(lesson) == ids(alice, bob)


def test_all_that_may_be_edited_is_compared() -> None:
    editable = frozenset().union(*EDITABLE.values())

    assert set(COMPARED) == editable - {"students"}  # of whom a save writes who came and who left
