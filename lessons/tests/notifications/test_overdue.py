"""A lesson that was not started, or not completed: its teacher is told, once, and while it is news."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from lessons.models import Delivery, Lesson, User
from lessons.notifications.reminders import remind
from lessons.tests.lifecycle.ways import IN_STATUS, change
from lessons.tests.notifications.deliveries import claimed, delivery, expand_all, put, sent_already
from lessons.tests.people import draft, in_days, scheduled, started

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def lesson(alice: User, bob: User) -> Lesson:
    """In five days, scheduled now."""
    return scheduled(alice, bob, at=in_days(5))


def overdue_of(lesson: Lesson) -> list[str]:
    return list(lesson.events.filter(name="overdue").order_by("id").values_list("occasion", flat=True))


@pytest.mark.parametrize(
    ("late", "written"), [(0 * MINUTE, 0), (9 * MINUTE, 0), (10 * MINUTE, 1), (DAY, 1), (DAY + 10 * MINUTE, 0)]
)
@pytest.mark.parametrize(
    ("make", "column", "occasion"), [(scheduled, "start_time", "start"), (started, "end_time", "end")]
)
def test_the_teacher_is_told_of_a_lesson_that_is_overdue(
    make: Callable[..., Lesson],
    column: str,
    occasion: str,
    late: timedelta,
    written: int,
    alice: User,
    bob: User,
) -> None:
    lesson = make(alice, bob, at=in_days(5))

    assert remind(now=getattr(lesson, column) + late) == written

    assert overdue_of(lesson) == [occasion] * written
    for event in lesson.events.filter(name="overdue"):
        assert (event.recipients, event.seq, event.target) == ([alice.pk], None, lesson.status)
        assert event.dispatch.state == "pending"


def test_how_long_overdue_is_settable(lesson: Lesson, settings: Settings) -> None:
    settings.OVERDUE_AFTER_MINUTES = 0

    assert remind(now=lesson.start_time) == 1


@pytest.mark.parametrize("status", ["draft", "completed", "cancelled"])
def test_lessons_that_need_not_go_on_are_not_overdue(status: str, alice: User, bob: User) -> None:
    lesson = IN_STATUS[status](alice, bob, at=in_days(5))

    assert [remind(now=lesson.start_time + n * HOUR) for n in range(1, 4)] == [0, 0, 0]


def test_a_teacher_is_told_once_that_a_lesson_should_have_started_and_once_that_it_should_have_ended(
    lesson: Lesson, alice: User
) -> None:
    late = [lesson.start_time + n * 10 * MINUTE for n in (1, 2, 3)]
    assert [remind(now=moment) for moment in late] == [1, 0, 0]
    change("start", lesson, alice)

    late = [lesson.end_time + n * 10 * MINUTE for n in (0, 1, 2)]
    assert [remind(now=moment) for moment in late] == [0, 1, 0]

    assert overdue_of(lesson) == ["start", "end"]


def test_what_is_undelivered_of_an_overdue_lesson_goes_when_it_goes_on(lesson: Lesson, alice: User) -> None:
    for event in lesson.events.all():
        sent_already(event)
    remind(now=lesson.start_time + HOUR)
    change("start", lesson, alice)

    claimed("sms")

    event = lesson.events.get(name="overdue")
    assert (delivery(event, alice).state, delivery(event, alice).last_error) == ("skipped", "superseded")


def test_a_teacher_who_was_deactivated_is_skipped(lesson: Lesson, alice: User) -> None:
    put(alice, is_active=False)

    remind(now=lesson.start_time + HOUR)
    expand_all()

    rows = Delivery.objects.filter(dispatch__event__name="overdue")
    assert {(row.recipient_id, row.state, row.last_error) for row in rows} == {(alice.pk, "skipped", "inactive")}


def test_a_first_deployment_does_not_tell_of_everything_that_was_ever_forgotten(alice: User, bob: User) -> None:
    forgotten = [scheduled(alice, bob, at=in_days(n)) for n in range(1, 6)]

    assert remind(now=in_days(5) + HOUR) == 1
    assert [len(overdue_of(lesson)) for lesson in forgotten] == [0, 0, 0, 0, 1]


def test_an_unscheduled_draft_in_the_past_is_nobodys_business(alice: User, bob: User) -> None:
    draft(alice, bob, at=timezone.now() - HOUR)

    assert remind() == 0
