"""A dispatch becomes deliveries: one row per recipient and channel, who cannot be reached included."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from lessons.models import Delivery, Dispatch, Lesson, User
from lessons.models.outbox import notifying_over
from lessons.notifications.expand import expand
from lessons.notifications.retry import ATTEMPT_LIMIT
from lessons.tests.notifications.deliveries import delivery, put
from lessons.tests.people import Student, cancelled, draft
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db


def dispatch_of(lesson: Lesson) -> Dispatch:
    return Dispatch.objects.get(lesson=lesson)


def test_everybody_gets_one_delivery_per_channel(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    assert expand().dispatches == 1

    rows = Delivery.objects.filter(lesson=lesson).values_list("recipient", "channel", "state", "attempt_limit")
    assert sorted(rows) == sorted(
        (person.pk, channel, "pending", ATTEMPT_LIMIT) for person in (alice, bob) for channel in ("log", "sms")
    )
    assert dispatch_of(lesson).state == "delivering"


@pytest.mark.parametrize(
    ("change", "channel", "reason"),
    [
        ({"is_active": False}, "log", "inactive"),
        ({"is_active": False}, "sms", "inactive"),
        ({"muted_channels": ["sms"]}, "sms", "opted_out"),
        ({"phone": ""}, "sms", "no_address"),
        ({"is_active": False, "phone": "", "muted_channels": ["sms"]}, "sms", "inactive"),
    ],
)
def test_who_cannot_be_reached_is_skipped_and_the_row_says_why(
    alice: User, bob: User, change: dict[str, object], channel: str, reason: str
) -> None:
    lesson = draft(alice, bob)
    put(bob, **change)

    expand()

    row = delivery(lesson.events.get(), bob, channel)
    assert (row.state, row.last_error) == ("skipped", reason)
    assert delivery(lesson.events.get(), alice, channel).state == "pending"


@pytest.mark.parametrize("change", [{"muted_channels": ["sms"]}, {"phone": ""}])
def test_who_cannot_be_reached_over_one_channel_is_told_over_the_other(
    alice: User, bob: User, change: dict[str, object]
) -> None:
    lesson = draft(alice, bob)
    put(bob, **change)

    expand()

    assert delivery(lesson.events.get(), bob, "log").state == "pending"


def test_a_dispatch_may_be_limited_to_some_channels(alice: User, bob: User) -> None:
    with notifying_over(["log"]):
        lesson = draft(alice, bob)

    expand()

    assert set(Delivery.objects.filter(lesson=lesson).values_list("channel", flat=True)) == {"log"}


def test_a_channel_that_is_switched_off_gets_nothing(alice: User, bob: User, settings: Settings) -> None:
    settings.NOTIFICATION_CHANNELS = ["log"]
    lesson = draft(alice, bob)

    expand()

    assert set(Delivery.objects.filter(lesson=lesson).values_list("channel", flat=True)) == {"log"}


def test_a_dispatch_that_reaches_nobody_is_settled_at_once(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    User.objects.update(is_active=False)

    expand()

    dispatch = dispatch_of(lesson)
    assert (dispatch.state, dispatch.total, dispatch.skipped) == ("skipped", 4, 4)


def test_a_dispatch_over_channels_that_are_all_switched_off_is_settled_at_once(
    alice: User, bob: User, settings: Settings
) -> None:
    settings.NOTIFICATION_CHANNELS = []
    lesson = draft(alice, bob)

    expand()

    assert (dispatch_of(lesson).state, dispatch_of(lesson).total) == ("skipped", 0)


def test_deliveries_that_exist_already_are_left_alone(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    expand()
    Delivery.objects.filter(recipient=bob, channel="sms").update(state="sent")
    Dispatch.objects.update(expanded_at=None)

    expand()

    assert Delivery.objects.filter(lesson=lesson).count() == 4
    assert delivery(lesson.events.get(), bob, "sms").state == "sent"


def test_it_says_on_which_channels_somebody_waits_now(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(muted_channels=["sms"])
    draft(alice)

    assert [channel.name for channel in expand().channels] == ["log"]
    assert expand().channels == []


def test_what_is_expanded_is_not_expanded_again(alice: User, bob: User) -> None:
    draft(alice, bob)

    assert (expand().dispatches, expand().dispatches) == (1, 0)


def test_one_call_expands_the_oldest_up_to_a_limit(alice: User, bob: User) -> None:
    lesson = cancelled(alice, bob)

    assert expand(limit=2).dispatches == 2

    waiting = Dispatch.objects.filter(expanded_at=None).values_list("event__name", flat=True)
    assert (list(waiting), lesson.events.latest("id").name) == (["cancelled"], "cancelled")


def statements(number_of_students: int, teacher: User) -> int:
    draft(teacher, *Student.create_batch(number_of_students), title=f"{number_of_students} students")
    with CaptureQueriesContext(connection) as queries:
        expand()
    return len(queries)


def test_many_recipients_cost_as_many_statements_as_one(alice: User) -> None:
    assert statements(1, alice) == statements(40, alice)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_expand_at_once_each_dispatch_is_expanded_by_one(alice: User, bob: User) -> None:
    for number in range(6):
        draft(alice, bob, title=f"Lesson {number}")

    expanded = race([partial(expand, limit=3)] * 4)

    assert sum(one.dispatches for one in expanded) == 6
    assert Delivery.objects.count() == 6 * 4
