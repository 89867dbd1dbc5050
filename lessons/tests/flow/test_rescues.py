"""Lose the wake, the chord or its body: the rows know what is to be done, and the relay finds it."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons.broker import breaker
from lessons.models import ChordRun, Delivery, User
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import Claim, claim
from lessons.notifications.expand import expand
from lessons.notifications.launch import launch
from lessons.tests.flow.processes import Processes
from lessons.tests.flow.progress import everything_arrived_once, is_settled, runs_are_closed
from lessons.tests.people import draft
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nobody_wakes_the_relay() -> Iterator[None]:
    """As when the wake was published and got lost."""
    breaker.trip()
    yield
    breaker.reset()


def test_where_no_wake_arrives_one_pass_of_the_relay_is_enough(
    worker: Process, gateway: Gateway, nobody_wakes_the_relay: None, alice: User, bob: User
) -> None:
    draft(alice, bob)
    assert not Delivery.objects.exists()

    call_command("relay")
    wait_until(is_settled)

    assert everything_arrived_once(gateway)


# --- The chord ----------------------------------------------------------------------------------------


@pytest.fixture
def claimed(nobody_wakes_the_relay: None, alice: User, bob: User) -> Claim:
    """Leased to a run, whose publisher is about to die."""
    draft(alice, bob)
    expand()
    result = claim(REGISTRY["sms"])
    assert result is not None
    return result


def publish(claimed: Claim, batch: list[int]) -> None:
    """One header task of the run; nobody will count it, and no body follows."""
    current_app.send_task("lessons.deliver", args=(str(claimed.run.pk), batch), queue="deliver.sms")


def state_of(claimed: Claim) -> str:
    return str(ChordRun.objects.get(pk=claimed.run.pk).state)


def test_where_the_publisher_died_before_the_launch_another_run_delivers(
    worker: Process, processes: Processes, gateway: Gateway, claimed: Claim
) -> None:
    processes.start_relay()
    wait_until(is_settled)

    assert everything_arrived_once(gateway)
    assert state_of(claimed) == "lost"
    assert set(Delivery.objects.values_list("state", "attempt_count")) == {("sent", 1)}


def test_where_the_publisher_died_in_mid_launch_the_rest_is_delivered_by_another_run(
    worker: Process, processes: Processes, gateway: Gateway, claimed: Claim
) -> None:
    published, *_ = claimed.batches
    publish(claimed, published)
    wait_until(lambda: Delivery.objects.filter(pk__in=published, state="sent").exists())
    processes.start_relay()
    wait_until(is_settled)

    assert everything_arrived_once(gateway)
    assert state_of(claimed) == "lost"
    assert gateway.provider.traffic.stats()["raw"] == 2


def test_where_the_body_never_runs_the_run_is_closed_all_the_same(
    worker: Process, processes: Processes, gateway: Gateway, claimed: Claim
) -> None:
    for batch in claimed.batches:
        publish(claimed, batch)
    processes.start_relay()
    wait_until(is_settled)
    wait_until(runs_are_closed)

    assert (state_of(claimed), ChordRun.objects.get(pk=claimed.run.pk).report["sent"]) == ("closed", 2)


@pytest.mark.parametrize("size", [1, 2])
def test_a_header_task_that_raises_does_not_leave_its_run_open(
    size: int, worker: Process, nobody_wakes_the_relay: None
) -> None:
    run = ChordRun.objects.create(
        channel="log", size=size, delivery_count=0, task_ids=[uuid.uuid4() for _ in range(size)]
    )
    no_ids: Any = [["no id"]] * size

    launch(Claim(run, no_ids))

    wait_until(runs_are_closed)
