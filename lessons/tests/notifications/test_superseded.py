"""What a later event makes pointless is skipped, per person and channel; so is what takes back nothing."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from lessons.events import EventName
from lessons.models import Delivery, DeliveryState, Dispatch, Lesson, LessonEvent, User
from lessons.tests.notifications.deliveries import (
    HOUR,
    claimed,
    delivery,
    expand_all,
    happened,
    look_again,
    put,
    sent_already,
    waits_for_a_retry,
)
from lessons.tests.people import draft
from lessons.tests.tables import SUPERSEDED

pytestmark = pytest.mark.django_db
PENDING, LEASED, SKIPPED = DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.SKIPPED


def both_are_due(earlier: Delivery, later: Delivery) -> None:
    pass


def only_the_earlier_is_due(earlier: Delivery, later: Delivery) -> None:
    put(later, next_attempt_at=timezone.now() + HOUR)


def only_the_later_is_due(earlier: Delivery, later: Delivery) -> None:
    waits_for_a_retry(earlier)


# --- What is pointless ------------------------------------------------------------------------------


@pytest.mark.parametrize("looked_at", [both_are_due, only_the_earlier_is_due, only_the_later_is_due])
@pytest.mark.parametrize("later_name", EventName)
def test_what_a_later_event_supersedes_is_skipped_whichever_is_looked_at_first(
    alice: User, bob: User, later_name: EventName, looked_at: Callable[[Delivery, Delivery], None]
) -> None:
    pairs: dict[EventName, tuple[LessonEvent, LessonEvent]] = {}
    for earlier_name in EventName:
        lesson = draft(alice, bob)
        sent_already(lesson.events.get())
        pairs[earlier_name] = happened(lesson, earlier_name, bob), happened(lesson, later_name, bob)
    expand_all()
    for earlier, later in pairs.values():
        looked_at(delivery(earlier, bob, "log"), delivery(later, bob, "log"))

    look_again("log")

    skipped = {name for name, (earlier, _) in pairs.items() if delivery(earlier, bob, "log").state == SKIPPED}
    assert skipped == SUPERSEDED[later_name]
    assert {delivery(pairs[name][0], bob, "log").last_error for name in skipped} <= {"superseded"}
    goes_now = {name for name, (_, later) in pairs.items() if delivery(later, bob, "log").state == LEASED}
    assert goes_now <= skipped
    assert goes_now == skipped or looked_at is only_the_earlier_is_due


def test_an_update_that_changed_who_takes_part_is_not_superseded_by_another_update(
    known_lesson: Lesson, bob: User
) -> None:
    earlier = happened(known_lesson, EventName.UPDATED, bob, people_changed=True)
    later = happened(known_lesson, EventName.UPDATED, bob)

    claimed()

    assert (delivery(earlier, bob).state, delivery(later, bob).state) == (LEASED, PENDING)


def test_what_is_being_sent_already_is_waited_for_not_skipped(known_lesson: Lesson, bob: User) -> None:
    earlier = happened(known_lesson, EventName.SCHEDULED, bob)
    claimed()
    later = happened(known_lesson, EventName.CANCELLED, bob)
    expand_all()

    look_again()

    assert (delivery(earlier, bob).state, delivery(later, bob).state) == (LEASED, PENDING)


def test_a_message_is_pointless_for_the_same_person_and_channel_only(
    known_lesson: Lesson, alice: User, bob: User
) -> None:
    earlier, later = (
        happened(known_lesson, EventName.SCHEDULED, alice, bob),
        happened(known_lesson, EventName.STARTED, bob),
    )

    claimed("sms")

    assert delivery(earlier, bob, "sms").state == SKIPPED
    assert delivery(earlier, alice, "sms").state == LEASED
    assert delivery(earlier, bob, "log").state == PENDING
    assert delivery(later, bob, "sms").state == LEASED


def test_a_dispatch_of_which_the_last_message_was_pointless_is_settled(known_lesson: Lesson, bob: User) -> None:
    earlier = happened(known_lesson, EventName.SCHEDULED, bob)
    happened(known_lesson, EventName.STARTED, bob)
    expand_all()

    look_again("sms")
    assert Dispatch.objects.get(pk=earlier.pk).settled_at is None
    look_again("log")

    dispatch = Dispatch.objects.get(pk=earlier.pk)
    assert (dispatch.state, dispatch.total, dispatch.skipped) == ("skipped", 2, 2)


# --- A cancellation ---------------------------------------------------------------------------------


def test_a_cancellation_is_skipped_for_whom_nothing_was_ever_sent(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    cancelled = happened(lesson, EventName.CANCELLED, bob)
    expand_all()

    look_again()

    created = lesson.events.earliest("id")
    assert (delivery(created, bob).state, delivery(created, bob).last_error) == (SKIPPED, "superseded")
    assert (delivery(cancelled, bob).state, delivery(cancelled, bob).last_error) == (SKIPPED, "nothing_to_take_back")


def test_a_cancellation_goes_to_whom_somebody_is_telling_once_more_what_had_died(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    expand_all()
    put(delivery(lesson.events.get(), bob), in_order=False, next_attempt_at=timezone.now() + HOUR)
    cancelled = happened(lesson, EventName.CANCELLED, bob)
    expand_all()

    look_again()

    assert delivery(cancelled, bob).state == LEASED


def test_a_cancellation_goes_to_whom_something_was_sent_on_that_channel(known_lesson: Lesson, bob: User) -> None:
    put(delivery(known_lesson.events.get(), bob, "log"), state=SKIPPED)
    cancelled = happened(known_lesson, EventName.CANCELLED, bob)
    expand_all()

    look_again("sms")
    look_again("log")

    assert delivery(cancelled, bob, "sms").state == LEASED
    assert delivery(cancelled, bob, "log").state == SKIPPED
