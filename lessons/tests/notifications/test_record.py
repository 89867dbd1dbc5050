"""Recording: one fenced write of results and attempts, and what it sets free."""

import time
import uuid
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from lessons.events import EventName
from lessons.models import AttemptOutcome, Delivery, DeliveryState, Dispatch, Lesson, User
from lessons.notifications import record as record_module
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import Claim
from lessons.notifications.claim import claim as claim_
from lessons.notifications.reap import reap
from lessons.notifications.record import Recorded, Result, record
from lessons.notifications.retry import Decision
from lessons.notifications.take import Taken, take
from lessons.tests.notifications.deliveries import claimed, expand_all, happened, lease_expired, taken
from lessons.tests.people import draft
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db
TASK = uuid.uuid4()
LONGER_THAN_OTHERS_WAIT_SECONDS = 2.3  # for a lock: see DATABASES
RETRY_IN_A_MINUTE = Decision(DeliveryState.PENDING, AttemptOutcome.TRANSIENT, 60)


@pytest.fixture
def lesson(alice: User) -> Lesson:
    """Alice alone is told, over SMS and the log."""
    return draft(alice)


def sent(message: Taken, provider_id: str = "") -> Result:
    return Result.sent(message.message.delivery_id, message.attempt, provider_id, 0.5, 1.5)


def failed(message: Taken, decision: Decision, error: str = "no luck") -> Result:
    return Result.failed(message.message.delivery_id, message.attempt, decision, error, 0.5, 1.5)


def recorded(claim: Claim, *results: Result) -> Recorded:
    return record(run_id=claim.run.pk, task_id=str(TASK), channel=claim.run.channel, results=results)


def the_sms() -> Delivery:
    return Delivery.objects.get(channel="sms")


def attempts() -> list[tuple[Any, ...]]:
    return list(the_sms().attempts.order_by("number").values_list("number", "outcome", "error"))


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_is_recorded_however_long_others_hold_the_dispatch(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    held = Event()

    def hold() -> None:
        with transaction.atomic():
            Dispatch.objects.select_for_update().get()
            held.set()
            time.sleep(LONGER_THAN_OTHERS_WAIT_SECONDS)

    def record_it() -> Recorded:
        held.wait()
        return recorded(claim, sent(message))

    _, outcome = race([hold, record_it])

    assert outcome == Recorded(ended=1, has_more=False)
    assert the_sms().state == "sent"


# --- What is written ----------------------------------------------------------------------------------


def test_a_success_is_recorded_with_its_attempt(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")

    outcome = recorded(claim, sent(message, "sms-17"))

    row = the_sms()
    assert (row.state, row.provider_id, row.last_error, row.lease_until) == ("sent", "sms-17", "", None)
    assert row.sent_at is not None
    attempt = row.attempts.get()
    assert (attempt.number, attempt.outcome, attempt.run_id, attempt.task_id) == (1, "sent", claim.run.pk, TASK)
    assert attempt.ended_at is not None
    assert attempt.ended_at - attempt.started_at == timedelta(seconds=1)
    assert outcome == Recorded(ended=1, has_more=False)


@pytest.mark.django_db(transaction=True)
def test_who_is_told_to_wait_while_a_message_is_being_recorded_is_set_free_all_the_same(
    lesson: Lesson, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, (message,) = taken("sms")
    settle = record_module.settle

    def meanwhile(dispatches: set[int]) -> None:
        """The next event is expanded and claimed after the record is written, and before it is committed."""
        settle(dispatches)
        (seen,) = race([claim_the_next_event])
        assert seen == "pushed back"

    def claim_the_next_event() -> str:
        happened(lesson, EventName.SCHEDULED, alice)
        expand_all()
        assert claim_(REGISTRY["sms"]) is None
        return "pushed back" if the_next_sms().next_attempt_at > timezone.now() else "due"

    monkeypatch.setattr(record_module, "settle", meanwhile)
    outcome = recorded(claim, sent(message))

    assert outcome.has_more
    assert the_next_sms().next_attempt_at <= timezone.now()


def the_next_sms() -> Delivery:
    return Delivery.objects.filter(channel="sms").latest("pk")


def test_a_failure_comes_back_when_its_time_has_come(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")

    outcome = recorded(claim, failed(message, RETRY_IN_A_MINUTE))

    row = the_sms()
    assert (row.state, row.last_error, row.sent_at, row.lease_until) == ("pending", "no luck", None, None)
    assert timedelta(seconds=50) < row.next_attempt_at - timezone.now() <= timedelta(seconds=60)
    assert attempts() == [(1, "transient", "no luck")]
    assert outcome == Recorded(ended=0, has_more=False)


def test_a_failure_for_good_is_dead_and_settles_its_dispatch(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    Delivery.objects.filter(channel="log").update(state="sent")

    recorded(claim, failed(message, Decision(DeliveryState.DEAD, AttemptOutcome.PERMANENT)))

    assert the_sms().state == "dead"
    dispatch = Dispatch.objects.get()
    assert (dispatch.state, dispatch.total, dispatch.sent, dispatch.dead) == ("partly_delivered", 2, 1, 1)


def test_a_retry_of_the_task_keeps_the_lease_and_can_be_taken_again(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")

    recorded(claim, failed(message, Decision(DeliveryState.LEASED, AttemptOutcome.TRANSIENT, 4, extra_attempts=1)))

    row = the_sms()
    assert (row.state, row.taken_at, row.attempt_limit) == ("leased", None, message.limit + 1)
    assert row.lease_until is not None
    assert timedelta(seconds=20) < row.lease_until - timezone.now() <= timedelta(seconds=24)
    (again,) = take(claim.run.pk, [row.pk])
    assert again.attempt == 2


def test_what_was_not_tried_gives_its_attempt_back(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")

    outcome = recorded(claim, Result.untried(message.message.delivery_id, message.attempt))

    assert (the_sms().state, the_sms().attempt_count, attempts()) == ("pending", 0, [])
    assert outcome == Recorded(ended=0, has_more=True)


def test_attempts_are_numbered_from_one_without_gaps(lesson: Lesson) -> None:
    for number in range(1, 4):
        claim, (message,) = taken("sms")
        assert message.attempt == number
        recorded(claim, failed(message, Decision(DeliveryState.PENDING, AttemptOutcome.TRANSIENT, 0)))
        claim, (message,) = taken("sms")
        recorded(claim, Result.untried(message.message.delivery_id, message.attempt))
    claim, (message,) = taken("sms")
    recorded(claim, sent(message))

    assert [(number, outcome) for number, outcome, _ in attempts()] == [
        (1, "transient"),
        (2, "transient"),
        (3, "transient"),
        (4, "sent"),
    ]


def test_a_batch_is_recorded_as_a_whole(alice: User, bob: User, carol: User) -> None:
    draft(alice, bob, carol)
    claim, (to_alice, to_bob, to_carol) = taken("log")

    recorded(
        claim,
        sent(to_alice),
        failed(to_bob, RETRY_IN_A_MINUTE),
        Result.untried(to_carol.message.delivery_id, to_carol.attempt),
    )

    rows = Delivery.objects.filter(channel="log").order_by("id").values_list("state", "attempt_count")
    assert list(rows) == [("sent", 1), ("pending", 1), ("pending", 0)]


# --- The fence ----------------------------------------------------------------------------------------


def test_who_lost_the_lease_writes_nothing(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    lease_expired(the_sms())
    reap()

    outcome = recorded(claim, sent(message))

    assert (the_sms().state, outcome.ended) == ("pending", 0)
    assert [(number, outcome) for number, outcome, _ in attempts()] == [(1, "lost")]


def test_who_lost_the_lease_to_another_run_writes_nothing(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    lease_expired(the_sms())
    reap()
    later_claim, (again,) = taken("sms")

    recorded(claim, sent(message))

    assert (the_sms().state, again.attempt) == ("leased", 2)
    recorded(later_claim, sent(again))
    assert [(number, outcome) for number, outcome, _ in attempts()] == [(1, "lost"), (2, "sent")]


def test_a_result_of_an_earlier_attempt_of_the_same_run_changes_nothing(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    recorded(claim, failed(message, Decision(DeliveryState.LEASED, AttemptOutcome.TRANSIENT, 4)))
    take(claim.run.pk, claim.batches[0])

    recorded(claim, sent(message))

    assert (the_sms().state, the_sms().attempt_count) == ("leased", 2)
    assert attempts() == [(1, "transient", "no luck")]


def test_a_result_that_was_recorded_already_is_not_recorded_twice(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    recorded(claim, sent(message))

    recorded(claim, failed(message, RETRY_IN_A_MINUTE))

    assert (the_sms().state, len(attempts())) == ("sent", 1)


def test_a_lease_that_nobody_took_is_not_recorded(lesson: Lesson) -> None:
    claim = claimed("sms")

    recorded(claim, Result.sent(the_sms().pk, 0, "", 0, 0))

    assert (the_sms().state, attempts()) == ("leased", [])


# --- What is due next ---------------------------------------------------------------------------------


def test_due_messages_of_the_same_channel_wake_the_relay(lesson: Lesson, alice: User) -> None:
    claim, (message,) = taken("sms")
    draft(alice, title="Geometry")
    expand_all()

    assert recorded(claim, sent(message)).has_more


def test_due_messages_of_another_channel_do_not_wake_the_relay(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    assert Delivery.objects.get(channel="log").state == "pending"

    assert not recorded(claim, sent(message)).has_more
