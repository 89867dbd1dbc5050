"""Reminders: before a lesson starts everybody is told once more, in time or not at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from lessons import lifecycle
from lessons.models import Dispatch, Lesson, LessonEvent, User
from lessons.notifications import reminders
from lessons.notifications.messages import render_text
from lessons.notifications.reminders import remind
from lessons.tests.lifecycle.ways import IN_STATUS, change
from lessons.tests.notifications.deliveries import claimed, delivery, expand_all, look_again, put, sent_already, taken
from lessons.tests.people import in_days, scheduled
from lessons.tests.queues import empty_broker, waiting
from lessons.tests.racing import race
from lessons.tests.rows import a_day_passes

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def lesson(alice: User, bob: User) -> Lesson:
    """In five days, scheduled now."""
    return scheduled(alice, bob, at=in_days(5))


def reminders_of(lesson: Lesson) -> list[str]:
    return list(lesson.events.filter(name="reminder").order_by("id").values_list("occasion", flat=True))


# --- When ---------------------------------------------------------------------------------------------


def test_a_lesson_is_reminded_of_a_day_and_an_hour_before_it_starts(lesson: Lesson) -> None:
    moments = [lesson.start_time - before for before in (2 * DAY, DAY, 23 * HOUR, HOUR, MINUTE)]

    written = [remind(now=moment) for moment in moments]

    assert written == [0, 1, 0, 1, 0]
    assert reminders_of(lesson) == ["-24h", "-1h"]


@pytest.mark.parametrize(
    ("late", "written"), [(-MINUTE, 0), (0 * MINUTE, 1), (14 * MINUTE, 1), (15 * MINUTE, 0), (HOUR, 0)]
)
def test_a_reminder_comes_when_its_time_has_come_and_not_when_that_was_missed(
    late: timedelta, written: int, lesson: Lesson
) -> None:
    assert remind(now=lesson.start_time - DAY + late) == written


def test_a_reminder_is_written_once_however_often_one_looks(lesson: Lesson) -> None:
    moment = lesson.start_time - HOUR

    assert [remind(now=moment + n * MINUTE) for n in range(4)] == [1, 0, 0, 0]


def test_the_offsets_are_settable(lesson: Lesson, settings: Settings) -> None:
    settings.REMINDER_OFFSETS = [2 * DAY, 90 * MINUTE]

    written = [remind(now=lesson.start_time - before) for before in (2 * DAY, DAY, 90 * MINUTE, HOUR)]

    assert written == [1, 0, 1, 0]
    assert reminders_of(lesson) == ["-48h", "-90m"]


def test_no_offsets_no_reminders(lesson: Lesson, settings: Settings) -> None:
    settings.REMINDER_OFFSETS = []

    assert remind(now=lesson.start_time - DAY) == 0


def test_whoever_has_only_just_heard_of_the_lesson_is_not_reminded_of_it(alice: User, bob: User) -> None:
    """Scheduled 23 hours and 50 minutes before: the moment was missed by ten minutes only, but by nobody."""
    now = timezone.now()
    lesson = scheduled(alice, bob, at=now + DAY - 10 * MINUTE)

    assert remind(now=now + MINUTE) == 0
    assert remind(now=lesson.start_time - HOUR) == 1


def test_a_lesson_scheduled_two_hours_before_is_reminded_of_an_hour_before(alice: User, bob: User) -> None:
    now = timezone.now()
    lesson = scheduled(alice, bob, at=now + 2 * HOUR)

    written = [remind(now=now + n * MINUTE) for n in range(90)]

    assert sum(written) == 1
    assert reminders_of(lesson) == ["-1h"]


def test_clocks_that_are_changed_do_not_move_a_reminder(alice: User, bob: User) -> None:
    """In Berlin the night before has 23 hours; the reminder comes after 24 all the same."""
    berlin = ZoneInfo("Europe/Berlin")
    last_of_march = datetime(timezone.now().year + 1, 3, 31, 12, tzinfo=berlin)
    sunday = last_of_march - ((last_of_march.weekday() + 1) % 7) * DAY
    lesson = scheduled(alice, bob, at=sunday)
    assert sunday.utcoffset() != (sunday - DAY).utcoffset()

    with timezone.override(berlin):
        written = [remind(now=sunday.astimezone(UTC) - DAY + late) for late in (-HOUR, -MINUTE, 0 * MINUTE)]

    assert written == [0, 0, 1]
    assert lesson.events.get(name="reminder").start_time == sunday


def test_a_worker_whose_clock_is_wrong_reminds_in_time(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob, at=timezone.now() + 2 * DAY - 5 * MINUTE)
    a_day_passes(lesson)

    with time_machine.travel(timezone.now() + 5 * HOUR):
        assert remind() == 1

    assert reminders_of(lesson) == ["-24h"]


# --- Of which lessons -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "in_progress", "completed", "cancelled"])
def test_only_scheduled_lessons_are_reminded_of(status: str, alice: User, bob: User) -> None:
    lesson = IN_STATUS[status](alice, bob, at=in_days(5))

    assert remind(now=lesson.start_time - DAY) == 0


def test_every_lesson_whose_time_has_come_is_reminded_of_in_one_look(
    alice: User, anna: User, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "LESSONS_AT_ONCE", 2)
    for n in range(5):
        scheduled(alice, bob, at=in_days(5) + n * MINUTE, hours=1 / 60)
    scheduled(anna, carol, at=in_days(6))

    assert remind(now=in_days(4) + 5 * MINUTE) == 5


def test_who_is_changing_the_lesson_right_now_is_not_waited_for(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    monkeypatch.setattr(reminders, "LESSONS_AT_ONCE", 1)  # a full batch of which nothing could be written: no loop
    moment = lesson.start_time - DAY

    with transaction.atomic():
        Lesson.objects.select_for_update(no_key=True).get(pk=lesson.pk)
        (meanwhile,) = race([partial(remind, now=moment)])

    assert (meanwhile, remind(now=moment)) == (0, 1)


# --- What is written ------------------------------------------------------------------------------------


def test_a_reminder_is_an_event_like_the_others_and_changes_no_lesson(lesson: Lesson, alice: User, bob: User) -> None:
    remind(now=lesson.start_time - DAY)

    event = lesson.events.get(name="reminder")
    assert (event.seq, event.occasion, event.source, event.target) == (None, "-24h", "scheduled", "scheduled")
    assert (event.actor, event.reason, event.start_time) == (None, "", lesson.start_time)
    assert event.recipients == sorted([alice.pk, bob.pk])
    assert event.snapshot == lesson.events.get(name="scheduled").snapshot
    assert (event.dispatch.state, event.dispatch.channels) == ("pending", None)
    assert Lesson.objects.get(pk=lesson.pk).version == lesson.version


def test_who_takes_part_at_the_moment_is_reminded(lesson: Lesson, alice: User, carol: User) -> None:
    edit = lifecycle.Edit(students=frozenset({carol.pk}), title="Geometry")
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=edit)

    remind(now=lesson.start_time - DAY)

    event = lesson.events.get(name="reminder")
    assert (event.recipients, event.snapshot["title"]) == (sorted([alice.pk, carol.pk]), "Geometry")


def test_the_inactive_are_skipped(lesson: Lesson, alice: User, bob: User) -> None:
    put(bob, is_active=False)

    remind(now=lesson.start_time - DAY)
    expand_all()

    event = lesson.events.get(name="reminder")
    assert (delivery(event, bob).state, delivery(event, bob).last_error) == ("skipped", "inactive")
    assert delivery(event, alice).state == "pending"


@pytest.mark.parametrize(("before", "words"), [(DAY, "Remember"), (-HOUR, "should have started")])
def test_it_reaches_people_in_words(before: timedelta, words: str, lesson: Lesson, alice: User) -> None:
    for event in lesson.events.all():
        sent_already(event)
    remind(now=lesson.start_time - before)

    _, messages = taken("sms")

    (text,) = (render_text(m.message) for m in messages if m.message.recipient.id == alice.pk)
    assert words in text
    assert "Algebra" in text


def test_a_reminder_wakes_the_relay_when_it_is_committed(lesson: Lesson, transactional_db: None) -> None:
    empty_broker()

    remind(now=lesson.start_time - 2 * DAY)
    assert waiting("control") == 0
    remind(now=lesson.start_time - DAY)

    assert waiting("control") == 1


# --- When the lesson changes ------------------------------------------------------------------------------


def move(lesson: Lesson, *, days: int) -> Lesson:
    times = {name: getattr(lesson, name) + days * DAY for name in ("start_time", "end_time")}
    return change("reschedule", lesson, None, **times)


@pytest.mark.parametrize("name", ["cancel", "reschedule", "start"])
def test_what_is_undelivered_of_a_reminder_goes_with_a_change_of_the_lesson(
    name: str, lesson: Lesson, bob: User
) -> None:
    for event in lesson.events.all():
        sent_already(event)
    remind(now=lesson.start_time - DAY)
    change(name, lesson, None)

    claimed("sms")

    before, after = lesson.events.get(name="reminder"), lesson.events.latest("id")
    assert (delivery(before, bob).state, delivery(before, bob).last_error) == ("skipped", "superseded")
    assert delivery(after, bob).state == "leased"


def test_a_reminder_waits_for_what_was_to_be_said_before(lesson: Lesson, bob: User) -> None:
    remind(now=lesson.start_time - DAY)
    expand_all()

    look_again("sms")

    states = {event.name: delivery(event, bob).state for event in lesson.events.all()}
    assert states == {"created": "skipped", "scheduled": "leased", "reminder": "pending"}


def test_another_time_has_reminders_of_its_own(lesson: Lesson) -> None:
    first = lesson.start_time
    remind(now=first - DAY)

    moved = move(lesson, days=2)

    assert [remind(now=first - HOUR), remind(now=moved.start_time - DAY), remind(now=moved.start_time - HOUR)] == [
        0,
        1,
        1,
    ]
    told = lesson.events.filter(name="reminder").order_by("id").values_list("occasion", "start_time")
    assert list(told) == [("-24h", first), ("-24h", moved.start_time), ("-1h", moved.start_time)]


def test_a_lesson_that_came_back_to_its_first_time_is_not_reminded_of_twice(lesson: Lesson) -> None:
    first = lesson.start_time
    remind(now=first - DAY)
    move(move(lesson, days=2), days=-2)

    assert remind(now=first - DAY + MINUTE) == 0


# --- Several at once --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_looks_at_once_one_writes(alice: User, anna: User, bob: User, carol: User) -> None:
    lessons = [scheduled(alice, bob, at=in_days(5) + n * MINUTE, hours=1 / 60) for n in range(10)]
    moment = in_days(4) + 10 * MINUTE

    race([partial(remind, now=moment)] * 4)
    remind(now=moment)  # what two of them kept from each other

    assert LessonEvent.objects.filter(name="reminder").count() == len(lessons)
    assert Dispatch.objects.filter(event__name="reminder").count() == len(lessons)


def changed_by_another(name: str, lesson: Lesson) -> Callable[..., Any]:
    """A wrapper of statements: right after the search for what is due, somebody else changes the lesson."""
    todo = [partial(change, name, lesson, None)]

    def wrapper(execute: Any, sql: str, *more: Any) -> Any:
        result = execute(sql, *more)
        if todo and "lessons_lessonevent e" in sql:
            race([todo.pop()])
        return result

    return wrapper


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["cancel", "reschedule", "start"])
def test_a_lesson_that_changes_after_it_was_found_is_not_reminded_of(name: str, lesson: Lesson) -> None:
    with connection.execute_wrapper(changed_by_another(name, lesson)):
        assert remind(now=lesson.start_time - DAY) == 0

    assert lesson.events.latest("id").name in {"cancelled", "rescheduled", "started"}
    assert reminders_of(lesson) == []


@pytest.mark.django_db(transaction=True)
def test_however_a_look_and_a_cancellation_meet_no_reminder_comes_after_it(alice: User, bob: User) -> None:
    for day in range(5, 15):
        lesson = scheduled(alice, bob, at=in_days(day))

        race([partial(remind, now=lesson.start_time - DAY), partial(change, "cancel", lesson, None)])

        assert lesson.events.latest("id").name == "cancelled"
