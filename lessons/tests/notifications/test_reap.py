"""The rescue: leases that ran out come back, and runs whose end nobody told are closed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lessons.models import ChordRun, Delivery, Dispatch, Lesson, User
from lessons.notifications.claim import Claim
from lessons.notifications.reap import reap
from lessons.notifications.record import Result, record
from lessons.tests.notifications.deliveries import HOUR, claimed, lease_expired, put, taken
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(alice: User) -> Lesson:
    """Alice alone is told, over SMS and the log."""
    return draft(alice)


def the_sms() -> Delivery:
    return Delivery.objects.get(channel="sms")


def run_of(claim: Claim) -> ChordRun:
    return ChordRun.objects.get(pk=claim.run.pk)


def started_long_ago(claim: Claim) -> None:
    put(claim.run, started_at=timezone.now() - HOUR)


def test_a_lease_that_holds_is_left_alone(lesson: Lesson) -> None:
    taken("sms")

    assert reap() == 0
    assert the_sms().state == "leased"


def test_a_try_whose_worker_was_lost_is_recorded_as_lost_and_made_again_at_once_alone(lesson: Lesson) -> None:
    claim, _ = taken("sms")
    lease_expired(the_sms())

    assert reap() == 1

    row = the_sms()
    assert (row.state, row.attempt_count, row.travels_alone) == ("pending", 1, True)
    assert row.next_attempt_at <= timezone.now()
    assert (row.taken_at, row.lease_until) == (None, None)
    attempt = row.attempts.get()
    assert (attempt.number, attempt.outcome, attempt.run_id) == (1, "lost", claim.run.pk)
    assert attempt.started_at <= attempt.ended_at


def test_a_lease_that_nobody_took_comes_back_uncounted(lesson: Lesson) -> None:
    claimed("sms")
    lease_expired(the_sms())

    assert reap() == 1

    row = the_sms()
    assert (row.state, row.attempt_count, row.travels_alone, row.attempts.count()) == ("pending", 0, False, 0)


def test_a_message_lost_for_the_last_allowed_time_is_dead_and_its_dispatch_settled(lesson: Lesson) -> None:
    Delivery.objects.filter(channel="log").update(state="sent")
    taken("sms")
    Delivery.objects.filter(channel="log").update(state="sent")
    put(lease_expired(the_sms()), attempt_count=8)

    reap()

    assert (the_sms().state, the_sms().attempts.get().number) == ("dead", 8)
    assert Dispatch.objects.get().state == "partly_delivered"


def test_a_last_try_that_was_never_made_is_not_given_up(lesson: Lesson) -> None:
    claimed("sms")
    put(lease_expired(the_sms()), attempt_count=7)

    reap()

    assert (the_sms().state, the_sms().attempt_count) == ("pending", 7)


def test_a_run_that_lost_a_lease_is_lost(lesson: Lesson) -> None:
    claim, _ = taken("sms")
    started_long_ago(claim)
    lease_expired(the_sms())

    reap()

    run = run_of(claim)
    assert (run.state, run.report["lost"], run.report["sent"]) == ("lost", 1, 0)
    assert run.closed_at is not None


def test_a_run_whose_end_nobody_told_is_closed(lesson: Lesson) -> None:
    claim, (message,) = taken("sms")
    result = Result.sent(message.message.delivery_id, 1, "", 0, 1)
    record(run_id=claim.run.pk, task_id=None, channel="sms", results=[result])
    started_long_ago(claim)

    reap()

    assert (run_of(claim).state, run_of(claim).report["sent"]) == ("closed", 1)


def test_a_young_run_is_left_to_its_own_body(lesson: Lesson) -> None:
    claim, _ = taken("sms")
    Delivery.objects.update(state="sent")

    reap()

    assert run_of(claim).state == "running"


def test_a_run_with_something_in_flight_stays_open(lesson: Lesson) -> None:
    claim, _ = taken("sms")
    started_long_ago(claim)

    reap()

    assert run_of(claim).state == "running"


def test_a_message_that_was_lost_comes_out_in_a_run_of_its_own(alice: User, bob: User) -> None:
    draft(alice, bob)
    taken("log")
    Delivery.objects.filter(channel="log").update(lease_until=timezone.now() - timedelta(seconds=1))
    reap()

    assert [len(batch) for batch in claimed("log").batches] == [1, 1]
