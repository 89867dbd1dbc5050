"""Five transitions between five statuses: what each does, and from where it is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from lessons import lifecycle
from lessons.lifecycle import ConditionUnmet, InvalidLesson, TransitionRefused, VersionMismatch
from lessons.models import Lesson, SlotConflict, Status, User
from lessons.models.lesson import TRANSITIONS
from lessons.tests.lifecycle.ways import IN_STATUS, change
from lessons.tests.people import draft, scheduled, tomorrow
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db

TABLE = {  # transition: from → (to, event)
    "schedule": ({Status.DRAFT}, Status.SCHEDULED, "scheduled"),
    "reschedule": ({Status.SCHEDULED}, Status.SCHEDULED, "rescheduled"),
    "start": ({Status.SCHEDULED}, Status.IN_PROGRESS, "started"),
    "complete": ({Status.IN_PROGRESS}, Status.COMPLETED, "completed"),
    "cancel": ({Status.DRAFT, Status.SCHEDULED, Status.IN_PROGRESS}, Status.CANCELLED, "cancelled"),
}
POSSIBLE = [(name, status) for name, (sources, _, _) in TABLE.items() for status in Status if status in sources]
IMPOSSIBLE = [(name, status) for name, (sources, _, _) in TABLE.items() for status in Status if status not in sources]


def test_a_lesson_is_created_scheduled_started_and_completed(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    assert (lesson.status, lesson.version) == (Status.DRAFT, 1)

    for change_lesson, status in (
        (lifecycle.schedule_lesson, Status.SCHEDULED),
        (lifecycle.start_lesson, Status.IN_PROGRESS),
        (lifecycle.complete_lesson, Status.COMPLETED),
    ):
        lesson = change_lesson(lesson_id=lesson.pk, actor=alice)
        assert lesson.status == status

    assert history(lesson) == ["created", "scheduled", "started", "completed"]


def test_the_table_names_every_transition() -> None:
    assert tuple(TABLE) == TRANSITIONS == tuple(lifecycle.BY_TRANSITION)


@pytest.mark.parametrize(("name", "source"), POSSIBLE)
def test_a_transition_changes_the_status_and_says_who_and_why(name: str, source: str, alice: User, bob: User) -> None:
    lesson = IN_STATUS[source](alice, bob)

    changed = change(name, lesson, alice, reason="as agreed")

    row = Lesson.objects.get(pk=lesson.pk)
    event = row.events.latest("id")
    _, target, event_name = TABLE[name]
    assert (row.status, row.version) == (target, lesson.version + 1)
    assert (event.name, event.source, event.target, event.actor, event.reason) == (
        event_name,
        source,
        target,
        alice,
        "as agreed",
    )
    assert (changed.status, changed.version, changed.latest_event) == (target, row.version, event)


@pytest.mark.parametrize(("name", "source"), IMPOSSIBLE)
def test_a_transition_from_another_status_is_refused(name: str, source: str, alice: User, bob: User) -> None:
    lesson = IN_STATUS[source](alice, bob)

    with nothing_written(), pytest.raises(TransitionRefused) as refused:
        change(name, lesson, alice)

    assert (refused.value.name, refused.value.lesson.pk, refused.value.lesson.status) == (name, lesson.pk, source)


# --- Conditions -----------------------------------------------------------------------------------


def test_a_lesson_without_students_is_not_scheduled(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written(), pytest.raises(ConditionUnmet) as refused:
        change("schedule", lesson, alice)

    assert refused.value.code == "no_students"


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1)])
def test_a_lesson_is_not_scheduled_once_it_should_have_started(late: timedelta, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    with nothing_written(), pytest.raises(ConditionUnmet) as refused:
        change("schedule", lesson, alice, now=lesson.start_time + late)

    assert refused.value.code == "starts_in_past"


def test_a_lesson_is_scheduled_up_to_its_start(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    assert change("schedule", lesson, alice, now=lesson.start_time - timedelta(seconds=1)).status == Status.SCHEDULED


def test_a_lesson_is_not_moved_to_where_it_is(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written(), pytest.raises(ConditionUnmet) as refused:
        change("reschedule", lesson, alice, start_time=lesson.start_time, end_time=lesson.end_time)

    assert refused.value.code == "nothing_changes"


def test_a_lesson_may_be_made_longer(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    moved = change("reschedule", lesson, alice, start_time=lesson.start_time, end_time=tomorrow(12))

    assert (moved.start_time, moved.end_time) == (lesson.start_time, tomorrow(12))


def test_a_lesson_is_not_moved_into_the_past(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    now = lesson.start_time - timedelta(hours=1)

    with nothing_written(), pytest.raises(ConditionUnmet) as refused:
        change("reschedule", lesson, alice, start_time=now, end_time=now + timedelta(hours=1), now=now)

    assert refused.value.code == "starts_in_past"


def test_a_lesson_is_not_moved_to_end_before_it_starts(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written(), pytest.raises(InvalidLesson) as refused:
        change("reschedule", lesson, alice, start_time=tomorrow(12), end_time=tomorrow(12))

    assert (refused.value.field, refused.value.code) == ("end_time", "ends_before_start")


def test_a_lesson_is_not_moved_too_far_away(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    start = datetime(2090, 1, 1, tzinfo=UTC)

    with nothing_written(), pytest.raises(InvalidLesson) as refused:
        change("reschedule", lesson, alice, start_time=start, end_time=start + timedelta(hours=1))

    assert (refused.value.field, refused.value.code) == ("start_time", "too_far_away")


# --- The start window -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "early"), [(0, timedelta(days=1)), (15, timedelta(minutes=15)), (15, -timedelta(days=1))]
)
def test_a_lesson_is_started_within_its_window(
    minutes: int, early: timedelta, settings: Settings, alice: User, bob: User
) -> None:
    settings.LESSON_START_WINDOW_MINUTES = minutes
    lesson = scheduled(alice, bob)

    assert change("start", lesson, alice, now=lesson.start_time - early).status == Status.IN_PROGRESS


def test_a_lesson_is_not_started_before_its_window(settings: Settings, alice: User, bob: User) -> None:
    settings.LESSON_START_WINDOW_MINUTES = 15
    lesson = scheduled(alice, bob)

    with nothing_written(), pytest.raises(ConditionUnmet) as refused:
        change("start", lesson, alice, now=lesson.start_time - timedelta(minutes=15, seconds=1))

    assert refused.value.code == "too_early"


# --- Versions, and the order of refusals ----------------------------------------------------------


@pytest.mark.parametrize(("name", "source"), POSSIBLE)
def test_a_transition_of_another_version_is_refused(name: str, source: str, alice: User, bob: User) -> None:
    lesson = IN_STATUS[source](alice, bob)

    with nothing_written(), pytest.raises(VersionMismatch):
        change(name, lesson, alice, expected_version=lesson.version + 1)
    change(name, lesson, alice, expected_version=lesson.version)


def test_invalid_comes_before_version_mismatch_before_the_status(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    with pytest.raises(InvalidLesson):
        change("reschedule", lesson, alice, end_time=lesson.start_time, expected_version=7)
    with pytest.raises(VersionMismatch):
        change("reschedule", lesson, alice, expected_version=7)
    with pytest.raises(TransitionRefused):
        change("reschedule", lesson, alice, expected_version=1)


def test_a_clash_comes_last(alice: User, anna: User, bob: User) -> None:
    scheduled(alice, bob)
    lesson = draft(anna, bob)

    with pytest.raises(VersionMismatch):
        change("schedule", lesson, anna, expected_version=7)
    with pytest.raises(ConditionUnmet):
        change("schedule", lesson, anna, now=lesson.start_time)
    with nothing_written(), pytest.raises(SlotConflict):
        change("schedule", lesson, anna)
