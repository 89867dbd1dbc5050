"""A dead letter that gets another chance: its row, its dispatch, and its way out."""

import pytest
from django.utils import timezone

from lessons.events import EventName
from lessons.models import AttemptOutcome, Delivery, Dispatch, Lesson, LessonEvent, Redelivery, User
from lessons.notifications.record import Result, record
from lessons.notifications.redeliver import redeliver
from lessons.notifications.retry import ATTEMPT_LIMIT
from lessons.tests.notifications.aftermath import all_ended, died
from lessons.tests.notifications.deliveries import claimed, delivery, expand_all, happened, look_again, put, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(known_lesson: Lesson, alice: User, bob: User) -> LessonEvent:
    """Bob could not be reached by SMS; everybody else was told."""
    event = happened(known_lesson, EventName.SCHEDULED, alice, bob)
    expand_all()
    died(delivery(event, bob))
    all_ended(event)
    return event


def again(*rows: Delivery, by: User | None = None) -> list[int]:
    return redeliver(
        deliveries=[row.pk for row in rows], actor_id=by.pk if by else None, reason="he has another number now"
    )


def test_a_dead_delivery_is_due_again_with_a_fresh_allowance_and_the_same_key(event: LessonEvent, bob: User) -> None:
    before = delivery(event, bob)

    assert again(before) == [before.pk]

    after = delivery(event, bob)
    assert (after.state, after.in_order, after.travels_alone) == ("pending", False, False)
    assert (after.attempt_count, after.attempt_limit) == (8, 8 + ATTEMPT_LIMIT)
    assert after.next_attempt_at <= timezone.now()
    assert after.idempotency_key == before.idempotency_key


def test_who_asked_for_it_and_why_is_kept(event: LessonEvent, bob: User, maria: User) -> None:
    again(delivery(event, bob), by=maria)

    row = Redelivery.objects.get()
    assert (row.delivery, row.actor, row.reason) == (delivery(event, bob), maria, "he has another number now")
    assert row.created_at <= timezone.now()


def test_its_dispatch_is_open_again(event: LessonEvent, bob: User) -> None:
    assert Dispatch.objects.get(pk=event.pk).state == "partly_delivered"

    again(delivery(event, bob))

    dispatch = Dispatch.objects.get(pk=event.pk)
    assert (dispatch.state, dispatch.settled_at) == ("delivering", None)
    assert (dispatch.total, dispatch.sent, dispatch.dead, dispatch.skipped) == (None, None, None, None)


@pytest.mark.parametrize("state", ["pending", "leased", "sent", "skipped"])
def test_what_is_not_dead_is_left_as_it_is(state: str, event: LessonEvent, bob: User) -> None:
    row = put(delivery(event, bob), state=state)
    before = Delivery.objects.filter(pk=row.pk).values().get()

    assert again(row) == []

    assert Delivery.objects.filter(pk=row.pk).values().get() == before
    assert Dispatch.objects.get(pk=event.pk).state == "partly_delivered"
    assert not Redelivery.objects.exists()


@pytest.mark.parametrize(("last", "alone"), [(outcome, outcome == "lost") for outcome in AttemptOutcome])
def test_what_may_have_killed_its_worker_travels_alone_again(
    last: AttemptOutcome, alone: bool, known_lesson: Lesson, bob: User
) -> None:
    happened(known_lesson, EventName.SCHEDULED, bob)
    expand_all()
    row = put(died(delivery(known_lesson.events.latest("id"), bob), last=last), travels_alone=True)

    again(row)

    row.refresh_from_db()
    assert row.travels_alone == alone


def test_it_goes_out_as_its_ninth_attempt_and_its_dispatch_is_settled_anew(event: LessonEvent, bob: User) -> None:
    again(delivery(event, bob))

    run, (message,) = taken("sms")
    assert (message.attempt, message.limit) == (9, 8 + ATTEMPT_LIMIT)
    result = Result.sent(message.message.delivery_id, message.attempt, "", 0, 0)
    record(run_id=run.run.pk, task_id=None, channel="sms", results=[result])

    dispatch = Dispatch.objects.get(pk=event.pk)
    assert (dispatch.state, dispatch.sent, dispatch.dead) == ("delivered", dispatch.total, 0)
    assert list(delivery(event, bob).attempts.order_by("number").values_list("number", flat=True)) == [*range(1, 10)]


def test_one_that_dies_again_can_be_redelivered_again(event: LessonEvent, bob: User) -> None:
    again(delivery(event, bob))
    put(delivery(event, bob), state="dead", attempt_count=16)

    again(delivery(event, bob))

    assert delivery(event, bob).attempt_limit == 16 + ATTEMPT_LIMIT
    assert Redelivery.objects.count() == 2


def test_it_goes_out_though_a_later_event_has_made_it_pointless(
    event: LessonEvent, known_lesson: Lesson, bob: User
) -> None:
    again(delivery(event, bob))
    later = happened(known_lesson, EventName.CANCELLED, bob)

    claimed("sms")

    assert (delivery(event, bob).state, delivery(later, bob).state) == ("leased", "leased")


def test_it_goes_out_though_it_was_looked_at_after_what_supersedes_it(
    event: LessonEvent, known_lesson: Lesson, bob: User
) -> None:
    later = happened(known_lesson, EventName.CANCELLED, bob)
    claimed("sms")
    again(delivery(event, bob))

    look_again("sms")

    assert (delivery(later, bob).state, delivery(event, bob).state) == ("leased", "leased")
