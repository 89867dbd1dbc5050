"""A claim becomes a chord, seen in the queues of the real broker; nobody works them off here."""

import itertools
import reprlib

import pytest
from pytest_django import Settings
from structlog.contextvars import bound_contextvars, get_contextvars

from lessons.broker import connection
from lessons.models import ChordRun, Delivery, User
from lessons.notifications.claim import Claim
from lessons.notifications.launch import launch
from lessons.notifications.reap import reap
from lessons.tests.brokers import AWAY, broker_at, refused
from lessons.tests.notifications.deliveries import claimed, put, taken
from lessons.tests.people import draft
from lessons.tests.queues import take_all

pytestmark = pytest.mark.django_db


def run_of(claim: Claim) -> ChordRun:
    return ChordRun.objects.get(pk=claim.run.pk)


@pytest.fixture(params=[1, 3], ids=["one task", "three tasks"])
def claim(request: pytest.FixtureRequest, alice: User, bob: User, carol: User) -> Claim:
    """A run of one header task, which Celery might treat as no chord at all, and of several."""
    draft(alice, *[bob, carol][: request.param - 1])
    return claimed("sms")


def test_each_batch_is_a_task_in_the_channels_queue(claim: Claim) -> None:
    assert launch(claim)

    tasks = take_all("deliver.sms")
    assert [task.arguments for task in tasks] == [[str(claim.run.pk), batch] for batch in claim.batches]
    assert {task.name for task in tasks} == {"lessons.deliver"}


def test_the_run_knows_its_tasks_and_the_tasks_their_run(claim: Claim) -> None:
    launch(claim)

    tasks = take_all("deliver.sms")
    assert [task.id for task in tasks] == list(map(str, run_of(claim).task_ids))
    assert {task.root_id for task in tasks} == {str(claim.run.pk)}


def test_the_body_is_to_close_the_run_and_waits_for_the_header(claim: Claim) -> None:
    launch(claim)

    tasks = take_all("deliver.sms")
    assert len(tasks) == len(claim.batches)
    for task in tasks:
        body = task.embedded["chord"]
        assert (body["task"], body["args"]) == ("lessons.close_run", [str(claim.run.pk)])
        assert body["options"]["root_id"] == str(claim.run.pk)
        (on_error,) = body["options"]["link_error"]
        assert (on_error["task"], on_error["args"]) == ("lessons.close_run", [str(claim.run.pk)])
    assert take_all("control") == []


def test_flower_shows_the_run_and_the_first_of_a_tasks_deliveries(claim: Claim) -> None:
    launch(claim)

    for task, batch in zip(take_all("deliver.sms"), claim.batches, strict=True):
        assert task.shown == f"({claim.run.pk}, {reprlib.repr(batch)})"


def test_nobody_listens_for_results_that_nobody_reads(claim: Claim) -> None:
    end = f"the end of {claim.run.pk}"
    with connection().monitor() as monitor:
        launch(claim)
        connection().echo(end)
        commands = (one["command"] for one in monitor.listen())
        seen = list(itertools.takewhile(lambda command: end not in command, commands))

    results = [f"celery-task-meta-{task_id}" for task_id in (claim.run.pk, *claim.run.task_ids)]
    assert seen
    assert not [command for command in seen if any(result in command for result in results)]
    assert not [command for command in seen if command.startswith("PUBLISH")]


def test_what_is_logged_after_a_launch_is_not_about_its_run(claim: Claim) -> None:
    with bound_contextvars(request="maria's"):
        before = get_contextvars()
        launch(claim)

        assert get_contextvars() == before


@pytest.mark.parametrize("away", AWAY)
def test_what_the_broker_does_not_take_is_given_back_at_once(
    away: str, settings: Settings, alice: User, bob: User
) -> None:
    draft(alice, bob)
    claim = claimed("sms")

    with broker_at(AWAY[away], settings, within_seconds=6):
        assert not launch(claim)

    assert set(Delivery.objects.filter(channel="sms").values_list("state", "attempt_count")) == {("pending", 0)}
    assert (run_of(claim).state, run_of(claim).report) == ("lost", {"launch": "the broker did not take it"})
    assert claimed("sms").run.delivery_count == claim.run.delivery_count


def test_what_a_worker_has_in_hand_is_not_given_back(alice: User, bob: User, settings: Settings) -> None:
    """The broker broke down in mid-launch: one task got through and runs."""
    draft(alice, bob)
    claim, (to_alice, to_bob) = taken("sms")
    put(Delivery.objects.get(pk=to_bob.message.delivery_id), taken_at=None)

    with broker_at(refused, settings, within_seconds=6):
        launch(claim)

    states = dict(Delivery.objects.filter(channel="sms").values_list("id", "state"))
    assert states == {to_alice.message.delivery_id: "leased", to_bob.message.delivery_id: "pending"}
    assert reap() == 0
