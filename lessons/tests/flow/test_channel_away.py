"""A provider that is away costs no message its tries; one that declines a message costs nobody else anything."""

import pytest

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons.models import AttemptOutcome, Channel, Delivery, Dispatch, User
from lessons.notifications.retry import ATTEMPT_LIMIT
from lessons.tests.flow.events import TaskEvents
from lessons.tests.flow.processes import Processes
from lessons.tests.flow.progress import everything_arrived_once, is_settled
from lessons.tests.people import draft
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ticking_relay(processes: Processes, worker: Process) -> Process:
    return processes.start_relay()


@pytest.mark.parametrize("mood", [{"error_rate": 1, "error_status": 503}, {"refuse": True}], ids=["503", "refused"])
def test_while_the_provider_is_away_tasks_retry_and_the_circuit_is_open_and_nothing_is_lost(
    gateway: Gateway, task_events: TaskEvents, alice: User, bob: User, carol: User, mood: dict[str, object]
) -> None:
    gateway.provider.faults.update(mood)
    draft(alice, bob, carol)

    wait_until(lambda: len(task_events.of_type("task-retried")) >= 6)
    wait_until(lambda: Channel.objects.get(name="sms").open_until)
    assert not gateway.provider.messages.latest(1)
    gateway.provider.faults.reset()
    wait_until(is_settled)

    assert Dispatch.objects.get().state == "delivered"
    assert everything_arrived_once(gateway)
    for delivery in Delivery.objects.filter(channel="sms"):
        *failures, last = delivery.attempts.order_by("number").values_list("outcome", flat=True)
        assert (set(failures), last) == ({AttemptOutcome.TRANSIENT}, AttemptOutcome.SENT)
        assert delivery.attempt_limit == ATTEMPT_LIMIT + len(failures)
    wait_until(lambda: Channel.objects.get(name="sms").open_until is None)


def test_while_sms_is_away_the_log_goes_on(gateway: Gateway, alice: User, bob: User) -> None:
    gateway.provider.faults.update({"refuse": True})

    draft(alice, bob)

    wait_until(lambda: Delivery.objects.filter(channel="log", state="sent").count() == 2)
    gateway.provider.faults.reset()
    wait_until(is_settled)


def test_a_number_that_does_not_exist_is_dead_at_once_and_the_others_are_told(
    gateway: Gateway, alice: User, bob: User, carol: User
) -> None:
    gateway.provider.faults.update({"fail_numbers": [bob.phone]})

    draft(alice, bob, carol)
    wait_until(is_settled)

    assert (Dispatch.objects.get().state, Dispatch.objects.get().dead) == ("partly_delivered", 1)
    bobs = Delivery.objects.get(recipient=bob, channel="sms")
    assert (bobs.state, bobs.attempts.get().outcome) == ("dead", AttemptOutcome.PERMANENT)
    assert everything_arrived_once(gateway)
