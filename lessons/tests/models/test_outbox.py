"""Whom each event tells, and what it remembers for its messages."""

from collections.abc import Callable
from datetime import datetime

import pytest

from lessons import lifecycle
from lessons.events import EventName
from lessons.lifecycle import Edit
from lessons.models import Dispatch, Lesson, LessonEvent, User
from lessons.models.outbox import notifying_over, write_occasion
from lessons.tests.people import cancelled, completed, draft, scheduled, started, tomorrow
from lessons.tests.rows import booked, history, ids, told

pytestmark = pytest.mark.django_db


def update(lesson: Lesson, **edit: object) -> Lesson:
    return lifecycle.update_lesson(lesson_id=lesson.pk, actor=None, edit=Edit(**edit))


def latest(lesson: Lesson) -> LessonEvent:
    return lesson.events.latest("id")


# --- Recipients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "event"),
    [
        (draft, "created"),
        (scheduled, "scheduled"),
        (started, "started"),
        (completed, "completed"),
        (cancelled, "cancelled"),
    ],
)
def test_teacher_and_students_are_told(
    make: Callable[..., Lesson], event: str, alice: User, bob: User, carol: User
) -> None:
    lesson = make(alice, bob, carol)

    assert latest(lesson).name == event
    assert told(lesson) == ids(alice, bob, carol)


def test_teacher_and_students_are_told_of_a_new_time(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    lifecycle.reschedule_lesson(lesson_id=lesson.pk, actor=alice, start_time=tomorrow(15), end_time=tomorrow(16))

    assert told(lesson) == ids(alice, bob)


@pytest.mark.parametrize("make", [scheduled, started])
def test_everybody_is_told_when_a_lesson_gets_another_title(
    make: Callable[..., Lesson], alice: User, bob: User
) -> None:
    assert told(update(make(alice, bob), title="Geometry")) == ids(alice, bob)


def test_who_left_a_scheduled_lesson_is_told_along_with_who_stayed_and_came(
    alice: User, anna: User, bob: User, carol: User
) -> None:
    lesson = scheduled(alice, bob)

    update(lesson, students=frozenset({carol.pk}), teacher_id=anna.pk)

    assert told(lesson) == ids(alice, anna, bob, carol)
    assert latest(lesson).snapshot["left"] == sorted(ids(alice, bob))


def test_who_left_before_is_not_told_again(alice: User, bob: User, carol: User) -> None:
    lesson = update(scheduled(alice, bob, carol), students=frozenset({bob.pk}))

    update(lesson, title="Geometry")

    assert told(lesson) == ids(alice, bob)


def test_an_update_of_a_draft_tells_only_who_left(alice: User, anna: User, bob: User, carol: User) -> None:
    lesson = draft(alice, bob)

    update(lesson, title="Geometry", students=frozenset({carol.pk}), teacher_id=anna.pk)

    assert told(lesson) == ids(bob)


def test_an_update_of_a_draft_that_nobody_left_is_in_the_history_and_has_no_dispatch(alice: User, bob: User) -> None:
    lesson = update(draft(alice), title="Geometry", students=frozenset({bob.pk}))

    assert history(lesson) == ["created", "updated"]
    assert latest(lesson).recipients == []
    assert not Dispatch.objects.filter(event=latest(lesson)).exists()


def test_recipients_are_kept_in_order_and_once(alice: User, anna: User, bob: User, carol: User) -> None:
    lesson = update(scheduled(alice, carol, bob, anna), title="Geometry")

    assert latest(lesson).recipients == sorted(ids(alice, anna, bob, carol))


# --- Dispatches -----------------------------------------------------------------------------------


def test_a_dispatch_is_pending_and_over_all_channels(alice: User) -> None:
    lesson = draft(alice)

    dispatch = lesson.dispatches.get()
    assert (dispatch.event, dispatch.state, dispatch.channels) == (latest(lesson), "pending", None)


def test_what_is_saved_inside_notifying_over_is_kept_to_those_channels(alice: User) -> None:
    with notifying_over(["log"]):
        inside = draft(alice)
    outside = draft(alice)

    assert inside.dispatches.get().channels == ["log"]
    assert outside.dispatches.get().channels is None


def test_the_saved_lesson_names_its_latest_event(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    assert lesson.latest_event == latest(lesson)


def test_a_lesson_that_did_not_change_names_no_event(alice: User) -> None:
    assert update(draft(alice), title="Algebra").latest_event is None


# --- Occasions ------------------------------------------------------------------------------------


def test_an_occasion_is_written_once_per_start_time(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    written = [write_occasion(lesson, EventName.REMINDER, occasion) for occasion in ("-24h", "-24h", "-1h")]
    lesson = lifecycle.reschedule_lesson(
        lesson_id=lesson.pk, actor=alice, start_time=tomorrow(15), end_time=tomorrow(16)
    )
    written.append(write_occasion(lesson, EventName.REMINDER, "-24h"))

    assert written == [True, False, True, True]
    assert history(lesson) == ["created", "scheduled", "reminder", "reminder", "rescheduled", "reminder"]
    assert lesson.dispatches.filter(event__name="reminder").count() == 3


def test_an_occasion_is_no_number_in_the_chain(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    write_occasion(lesson, EventName.OVERDUE, "start")
    lesson = lifecycle.start_lesson(lesson_id=lesson.pk, actor=alice)

    assert list(lesson.events.order_by("id").values_list("seq", flat=True)) == [1, 2, None, 3]
    assert lesson.version == 3


# --- The chain ------------------------------------------------------------------------------------


def test_numbers_are_versions_and_each_event_begins_where_the_last_one_ended(
    alice: User, bob: User, carol: User
) -> None:
    lesson = draft(alice, bob)
    update(lesson, title="Geometry")
    lifecycle.schedule_lesson(lesson_id=lesson.pk, actor=alice)
    lifecycle.reschedule_lesson(lesson_id=lesson.pk, actor=alice, start_time=tomorrow(15), end_time=tomorrow(16))
    update(lesson, students=frozenset({carol.pk}))
    lifecycle.start_lesson(lesson_id=lesson.pk, actor=alice)
    update(lesson, description="Triangles")
    lesson = lifecycle.cancel_lesson(lesson_id=lesson.pk, actor=alice)

    assert list(lesson.events.order_by("id").values_list("seq", "name", "source", "target")) == [
        (1, "created", "", "draft"),
        (2, "updated", "draft", "draft"),
        (3, "scheduled", "draft", "scheduled"),
        (4, "rescheduled", "scheduled", "scheduled"),
        (5, "updated", "scheduled", "scheduled"),
        (6, "started", "scheduled", "in_progress"),
        (7, "updated", "in_progress", "in_progress"),
        (8, "cancelled", "in_progress", "cancelled"),
    ]
    assert (lesson.version, lesson.status) == (8, "cancelled")
    assert booked(lesson) == set()


# --- Snapshots ------------------------------------------------------------------------------------


def iso(moment: datetime) -> str:
    return moment.isoformat()


def test_a_snapshot_has_what_messages_say(alice: User, bob: User) -> None:
    event = latest(scheduled(alice, bob))

    assert event.start_time == tomorrow(10)
    assert event.snapshot == {
        "title": "Algebra",
        "teacher": alice.pk,
        "start_time": iso(tomorrow(10)),
        "end_time": iso(tomorrow(11)),
    }


def test_a_later_change_does_not_touch_an_earlier_snapshot(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    update(lesson, title="Geometry")

    titles = [event.snapshot["title"] for event in lesson.events.order_by("id")]
    assert titles == ["Algebra", "Algebra", "Geometry"]


def test_a_new_time_is_told_with_the_old_one(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    lifecycle.reschedule_lesson(lesson_id=lesson.pk, actor=alice, start_time=tomorrow(15), end_time=tomorrow(16))

    event = latest(lesson)
    times = {name: value for name, value in event.snapshot.items() if "time" in name}
    assert event.start_time == tomorrow(15)
    assert times == {
        "old_start_time": iso(tomorrow(10)),
        "old_end_time": iso(tomorrow(11)),
        "start_time": iso(tomorrow(15)),
        "end_time": iso(tomorrow(16)),
    }


def test_an_update_keeps_what_was_before(alice: User, anna: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, bob)

    update(lesson, title="Geometry", teacher_id=anna.pk, students=frozenset({carol.pk}))

    snapshot = latest(lesson).snapshot
    assert (snapshot["title"], snapshot["teacher"]) == ("Geometry", anna.pk)
    assert (snapshot["old_title"], snapshot["old_teacher"]) == ("Algebra", alice.pk)
    assert snapshot["left"] == sorted(ids(alice, bob))
    assert snapshot["joined"] == sorted(ids(anna, carol))


@pytest.mark.parametrize("what", ["title", "students", "teacher_id"])
def test_an_update_knows_whether_it_changed_who_takes_part(
    what: str, alice: User, anna: User, bob: User, carol: User
) -> None:
    lesson = scheduled(alice, bob)
    values = {"title": "Geometry", "students": frozenset({bob.pk, carol.pk}), "teacher_id": anna.pk}

    update(lesson, **{what: values[what]})

    assert latest(lesson).snapshot["people_changed"] == (what != "title")
