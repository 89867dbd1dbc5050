"""Runs under way, stalled and lost: told by the rows alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from lessons import monitoring
from lessons.models import ChordRun, Delivery, DeliveryAttempt, RunState, User
from lessons.monitoring.runs import Phase
from lessons.notifications.close import close_run
from lessons.notifications.reap import reap
from lessons.tests.notifications.deliveries import HOUR, claimed, put, taken
from lessons.tests.people import scheduled

pytestmark = pytest.mark.django_db

LATE = timedelta(seconds=settings.TIMING.launch_lease + 1)


@pytest.fixture(autouse=True)
def _lesson(alice: User, bob: User) -> None:
    scheduled(alice, bob)


def only_run() -> Any:
    (run,) = monitoring.open_runs()
    return run


def test_a_run_that_nobody_has_taken_yet_is_queued() -> None:
    claimed()

    assert (only_run().phase, only_run().done, only_run().is_stalled) == (Phase.QUEUED, 0, False)


def test_a_run_in_a_workers_hands_is_sending() -> None:
    taken()

    assert only_run().phase == Phase.SENDING


def test_a_run_whose_channel_is_down_is_retrying() -> None:
    claim, messages = taken()
    now = timezone.now()
    for message in messages:
        DeliveryAttempt.objects.create(
            delivery_id=message.message.delivery_id,
            number=1,
            started_at=now,
            ended_at=now,
            outcome="transient",
            run=claim.run,
        )
    Delivery.objects.filter(run=claim.run).update(taken_at=None)

    assert (only_run().phase, only_run().retries) == (Phase.RETRYING, len(messages))


def test_a_run_that_no_worker_takes_is_stalled_until_its_leases_end() -> None:
    put(claimed().run, started_at=timezone.now() - LATE)

    assert (only_run().phase, only_run().is_stalled) == (Phase.UNTAKEN, True)
    assert only_run().lease_until is not None


def test_a_worker_that_does_not_report_back_stalls_its_run() -> None:
    claim, _messages = taken()
    Delivery.objects.filter(run=claim.run).update(lease_until=timezone.now() - HOUR)

    assert (only_run().phase, only_run().expired) == (Phase.EXPIRED, claim.run.delivery_count)


def test_a_run_whose_body_is_lost_is_stalled_only_after_a_while() -> None:
    claim, _messages = taken()
    Delivery.objects.filter(run=claim.run).update(state="sent")

    assert only_run().phase == Phase.CLOSING
    put(claim.run, started_at=timezone.now() - LATE)
    assert only_run().phase == Phase.UNCLOSED


def test_a_lost_run_tells_what_has_become_of_its_deliveries() -> None:
    claim, messages = taken()
    Delivery.objects.filter(run=claim.run).update(lease_until=timezone.now() - HOUR)
    reap()
    put(Delivery.objects.get(pk=messages[0].message.delivery_id), state="sent")

    (lost,) = monitoring.lost_runs()

    assert (lost.id, lost.now, lost.was_launched) == (claim.run.pk, {"sent": 1, "pending": len(messages) - 1}, True)
    assert lost.waiting == len(messages) - 1


def test_a_run_that_the_broker_did_not_take_is_lost_and_was_not_launched() -> None:
    ChordRun.objects.create(
        channel="sms", size=1, delivery_count=1, state=RunState.LOST, closed_at=timezone.now(), report={"launch": "no"}
    )

    assert not monitoring.lost_runs()[0].was_launched


def test_what_was_lost_long_ago_is_not_shown() -> None:
    run = ChordRun.objects.create(channel="sms", size=1, delivery_count=1, state=RunState.LOST)
    put(run, started_at=timezone.now() - timedelta(days=2))

    assert monitoring.lost_runs() == []


def test_a_closed_run_is_not_open() -> None:
    claim, _messages = taken()
    Delivery.objects.filter(run=claim.run).update(state="sent")
    close_run(run_id=claim.run.pk)

    assert monitoring.open_runs() == []


def test_all_runs_are_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    claimed()
    claimed("log")

    with django_assert_num_queries(2):
        monitoring.open_runs()
        monitoring.lost_runs()
