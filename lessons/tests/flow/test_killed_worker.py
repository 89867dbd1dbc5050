"""A worker is killed with messages in hand: they are sent again, and the gateway knows them by their keys."""

import pytest

from backend.gateway import Gateway
from lessons.models import AttemptOutcome, ChordRun, Delivery, User
from lessons.tests.flow.processes import Processes
from lessons.tests.flow.progress import everything_arrived_once, is_settled, runs_are_closed
from lessons.tests.people import Student, draft
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_where_the_worker_is_killed_in_mid_batch_everybody_is_told_once(
    processes: Processes, gateway: Gateway, alice: User
) -> None:
    worker = processes.start_worker()
    gateway.provider.faults.update({"latency_seconds": 0.3})
    draft(alice, *Student.create_batch(7))
    wait_until(lambda: gateway.provider.traffic.stats()["in_flight"] == 4)

    processes.kill(worker)
    assert not is_settled()
    processes.start_relay()
    processes.start_worker()
    wait_until(is_settled, within_seconds=30)

    assert everything_arrived_once(gateway)
    counts = gateway.provider.traffic.stats()
    assert (counts["effective"], 4 <= counts["duplicates"] <= 8) == (8, True)
    lost = Delivery.objects.filter(attempts__outcome=AttemptOutcome.LOST)
    assert lost.count() >= 4
    for delivery in Delivery.objects.all():
        attempts = list(delivery.attempts.order_by("number").values_list("number", "outcome"))
        assert attempts[-1] == (len(attempts), AttemptOutcome.SENT)
        assert {outcome for _, outcome in attempts[:-1]} <= {AttemptOutcome.LOST}
    wait_until(runs_are_closed)
    assert ChordRun.objects.filter(state="lost").exists()
