"""The end of a run: its report, from the rows; whoever comes first writes it."""

import logging
import uuid

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars

from lessons.models import AttemptOutcome, ChordRun, Delivery, DeliveryState, User
from lessons.notifications.claim import Claim
from lessons.notifications.close import close_run
from lessons.notifications.record import Result, record
from lessons.notifications.retry import Decision
from lessons.tests.notifications.deliveries import put, taken
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db
DEAD = Decision(DeliveryState.DEAD, AttemptOutcome.PERMANENT)
LATER = Decision(DeliveryState.PENDING, AttemptOutcome.TRANSIENT, 60)


@pytest.fixture
def claim(alice: User, bob: User, carol: User) -> Claim:
    """A run of which Alice's message was sent, Bob's is to be tried again, and Carol's is dead."""
    draft(alice, bob, carol)
    claim, (to_alice, to_bob, to_carol) = taken("sms")
    results = [
        Result.sent(to_alice.message.delivery_id, 1, "", 0, 2),
        Result.failed(to_bob.message.delivery_id, 1, LATER, "no luck", 0, 1),
        Result.failed(to_carol.message.delivery_id, 1, DEAD, "no such number", 0, 3),
    ]
    record(run_id=claim.run.pk, task_id=None, channel="sms", results=results)
    return claim


def run_of(claim: Claim) -> ChordRun:
    return ChordRun.objects.get(pk=claim.run.pk)


def test_a_run_is_closed_with_its_report(claim: Claim) -> None:
    close_run(run_id=claim.run.pk)

    run = run_of(claim)
    assert run.state == "closed"
    assert run.closed_at is not None
    assert run.report == {"sent": 1, "failed": 1, "lost": 0, "dead": 1, "seconds": 3.0, "mean_seconds": 2.0}


def test_dead_letters_are_told_to_who_watches_the_log(claim: Claim, caplog: pytest.LogCaptureFixture) -> None:
    close_run(run_id=claim.run.pk)

    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        f"1 deliveries over sms are dead after run {claim.run.pk}"
    ]


def test_what_is_logged_after_a_close_is_not_about_its_run(claim: Claim) -> None:
    with bound_contextvars(request="maria's"):
        before = get_contextvars()
        close_run(run_id=claim.run.pk)

        assert get_contextvars() == before


def test_closing_twice_changes_nothing(claim: Claim) -> None:
    close_run(run_id=claim.run.pk)
    closed_at = run_of(claim).closed_at
    Delivery.objects.update(state="dead")

    close_run(run_id=claim.run.pk)

    assert (run_of(claim).closed_at, run_of(claim).report["dead"]) == (closed_at, 1)


def test_a_run_with_something_in_flight_stays_open(claim: Claim) -> None:
    put(Delivery.objects.filter(run_id=claim.run.pk).earliest("id"), state="leased")

    close_run(run_id=claim.run.pk)

    assert (run_of(claim).state, run_of(claim).closed_at, run_of(claim).report) == ("running", None, {})


def test_a_run_that_lost_a_lease_stays_lost(claim: Claim) -> None:
    put(claim.run, state="lost")

    close_run(run_id=claim.run.pk)

    assert (run_of(claim).state, run_of(claim).report["sent"]) == ("lost", 1)


def test_a_run_that_sent_nothing_at_all_has_a_report_too(claim: Claim) -> None:
    empty = ChordRun.objects.create(channel="sms", size=1, delivery_count=1)

    close_run(run_id=str(empty.pk))

    empty.refresh_from_db()
    assert (empty.state, empty.report["sent"], empty.report["seconds"]) == ("closed", 0, None)


def test_an_unknown_run_is_nobodys_business(db: None) -> None:
    close_run(run_id=uuid.uuid4())

    assert not ChordRun.objects.exists()
