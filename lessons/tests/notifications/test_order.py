"""The order of a lesson's messages, per person and channel: what goes, what waits."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from lessons.events import EventName
from lessons.models import Delivery, DeliveryState, Dispatch, Lesson, User
from lessons.notifications import candidates
from lessons.notifications.expand import expand
from lessons.notifications.record import Result, record
from lessons.tests.notifications.deliveries import (
    HOUR,
    claimed,
    delivery,
    expand_all,
    happened,
    look_again,
    put,
    taken,
    waits_for_a_retry,
)
from lessons.tests.people import draft
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db
PENDING, LEASED, SKIPPED = DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.SKIPPED


def all_are_due_again() -> None:
    Delivery.objects.filter(state=PENDING).update(next_attempt_at=timezone.now() - HOUR)


# --- Waiting for a predecessor ----------------------------------------------------------------------


@pytest.mark.parametrize("predecessor", [LEASED, PENDING])
def test_a_message_waits_behind_its_unfinished_predecessor(known_lesson: Lesson, bob: User, predecessor: str) -> None:
    first = happened(known_lesson, EventName.CREATED, bob)
    expand_all()
    free_at = timezone.now() + timedelta(seconds=5)
    put(delivery(first, bob), state=predecessor, next_attempt_at=free_at, lease_until=free_at)
    second = happened(known_lesson, EventName.REMINDER, bob)
    expand_all()

    look_again()

    assert delivery(second, bob).state == PENDING
    assert delivery(second, bob).next_attempt_at == free_at


def test_a_message_that_waits_for_a_lease_looks_again_at_the_next_tick(known_lesson: Lesson, bob: User) -> None:
    """Who recorded the predecessor at this very moment did not see it, and will not free it."""
    first = happened(known_lesson, EventName.CREATED, bob)
    expand_all()
    put(delivery(first, bob), state=LEASED, lease_until=timezone.now() + HOUR)
    second = happened(known_lesson, EventName.REMINDER, bob)
    expand_all()

    look_again()

    assert delivery(second, bob).next_attempt_at < timezone.now() + timedelta(seconds=11)


def test_a_message_is_released_when_its_predecessor_ends(known_lesson: Lesson, bob: User) -> None:
    first = happened(known_lesson, EventName.CREATED, bob)
    run, (message,) = taken()
    second = happened(known_lesson, EventName.REMINDER, bob)
    expand_all()
    look_again()
    assert delivery(second, bob).state == PENDING

    result = Result.sent(message.message.delivery_id, message.attempt, "", 0, 0)
    recorded = record(run_id=run.run.pk, task_id=None, channel="sms", results=[result])

    assert recorded.has_more
    assert [batch for (batch,) in claimed().batches] == [delivery(second, bob).pk]
    assert delivery(first, bob).state == "sent"


def test_a_message_behind_one_that_became_pointless_does_not_wait_any_longer(known_lesson: Lesson, bob: User) -> None:
    first = happened(known_lesson, EventName.SCHEDULED, bob)
    second = happened(known_lesson, EventName.UPDATED, bob)
    expand_all()
    waits_for_a_retry(delivery(first, bob))
    look_again()  # the second now waits for an hour, too
    third = happened(known_lesson, EventName.STARTED, bob)  # makes the first pointless, but not the second
    expand_all()

    look_again()
    look_again()

    states = [delivery(event, bob).state for event in (first, second, third)]
    assert states == [SKIPPED, LEASED, PENDING]


def test_three_messages_go_one_after_the_other(known_lesson: Lesson, bob: User) -> None:
    events = [happened(known_lesson, EventName.REMINDER, bob) for _ in range(3)]

    for event in events:
        all_are_due_again()
        run, (message,) = taken()
        assert message.message.event.id == event.pk
        look_again()
        result = Result.sent(message.message.delivery_id, message.attempt, "", 0, 0)
        record(run_id=run.run.pk, task_id=None, channel="sms", results=[result])

    assert not Delivery.objects.filter(channel="sms").exclude(state="sent").exists()


def test_different_lessons_do_not_wait_for_each_other(alice: User, bob: User) -> None:
    draft(alice, bob)
    draft(alice, bob, title="Geometry")

    assert claimed().run.delivery_count == 4


def test_an_event_waits_a_second_for_an_earlier_one_that_is_not_expanded(known_lesson: Lesson, bob: User) -> None:
    earlier, later = happened(known_lesson, EventName.REMINDER, bob), happened(known_lesson, EventName.REMINDER, bob)
    expand_all()
    # As if another relay were still expanding the earlier one.
    Delivery.objects.filter(dispatch_id=earlier.pk).delete()
    Dispatch.objects.filter(pk=earlier.pk).update(expanded_at=None)

    look_again()

    waiting = delivery(later, bob)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    assert (waiting.state, waiting.next_attempt_at - now) == (PENDING, timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_expanded_while_we_look_is_not_overtaken(known_lesson: Lesson, bob: User) -> None:
    earlier, later = happened(known_lesson, EventName.REMINDER, bob), happened(known_lesson, EventName.REMINDER, bob)
    expand_all()
    Delivery.objects.filter(dispatch_id=earlier.pk).delete()
    Dispatch.objects.filter(pk=earlier.pk).update(expanded_at=None)
    looks = [candidates.CANDIDATES]

    def expanded_after_the_first_look(execute: Any, sql: str, *more: Any) -> Any:
        result = execute(sql, *more)
        if sql in looks:
            looks.clear()
            race([expand])  # another relay, on a connection of its own
        return result

    with connection.execute_wrapper(expanded_after_the_first_look):
        look_again()

    assert (looks, delivery(later, bob).state) == ([], PENDING)
    assert delivery(earlier, bob).state == PENDING


# --- Redeliveries -----------------------------------------------------------------------------------


def test_a_redelivery_waits_for_nobody(known_lesson: Lesson, bob: User) -> None:
    first, second = happened(known_lesson, EventName.REMINDER, bob), happened(known_lesson, EventName.REMINDER, bob)
    expand_all()
    waits_for_a_retry(delivery(first, bob))
    put(delivery(second, bob), in_order=False)

    look_again()

    assert delivery(second, bob).state == LEASED


def test_nobody_waits_for_a_redelivery_and_none_is_pointless(known_lesson: Lesson, bob: User) -> None:
    first, second = happened(known_lesson, EventName.SCHEDULED, bob), happened(known_lesson, EventName.STARTED, bob)
    expand_all()
    put(delivery(first, bob), in_order=False)

    look_again()

    assert (delivery(first, bob).state, delivery(second, bob).state) == (LEASED, LEASED)


def test_a_redelivered_cancellation_goes_out_even_to_whom_nothing_else_was_sent(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    expand_all()
    Delivery.objects.update(state="dead")
    cancelled = happened(lesson, EventName.CANCELLED, bob)
    expand_all()
    put(delivery(cancelled, bob), in_order=False)

    look_again()

    assert delivery(cancelled, bob).state == LEASED
