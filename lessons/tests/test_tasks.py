"""The Celery tasks are known by the names, queues and limits that the rest counts on."""

import uuid

import pytest
from celery import current_app
from celery.exceptions import Retry
from pytest_django import Settings

from backend.gateway import Gateway
from backend.timing import Timing
from lessons import tasks
from lessons.models import ChordRun, Delivery, User
from lessons.notifications.claim import Claim
from lessons.notifications.launch import CLOSE_TASK, DELIVER_TASK
from lessons.notifications.retry import TASK_RETRIES
from lessons.tests.notifications.deliveries import claimed
from lessons.tests.people import draft
from lessons.wake import RELAY_TASK


@pytest.mark.parametrize(
    ("task", "name"), [(tasks.relay, RELAY_TASK), (tasks.deliver, DELIVER_TASK), (tasks.close_run, CLOSE_TASK)]
)
def test_a_task_has_the_name_by_which_it_is_started_from_below(task: object, name: str) -> None:
    assert current_app.tasks[name].name == name == task.name  # type: ignore[attr-defined]


def test_no_task_leaves_a_result_behind() -> None:
    ours = [task for name, task in current_app.tasks.items() if name.startswith("lessons.")]

    assert len(ours) >= 3
    assert all(task.ignore_result for task in ours)


def test_a_task_is_acknowledged_when_it_is_done_and_ends_before_the_broker_gives_it_to_another(
    settings: Settings,
) -> None:
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST
    visibility = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < visibility


@pytest.mark.parametrize("factor", [1, 0.05])
def test_each_gives_up_before_the_next_steps_in(factor: float) -> None:
    timing = Timing.scaled(factor)

    limits = [timing.provider_timeout, timing.soft_limit, timing.hard_limit, timing.lease, timing.visibility]
    assert limits == sorted(set(limits))
    assert timing.tick < timing.launch_lease


def deliver_after(retries: int, claim: Claim) -> None:
    """Run the header task of the claim's first batch, as a worker would that retries it for the so-manieth time."""
    arguments = (str(claim.run.pk), claim.batches[0])
    tasks.deliver.push_request(retries=retries, id=str(uuid.uuid4()), args=arguments, called_directly=False)
    try:
        tasks.deliver.run(*arguments)
    finally:
        tasks.deliver.pop_request()


@pytest.fixture
def nobody_at_the_gateway(settings: Settings) -> None:
    settings.SMS_GATEWAY_TOKEN = "open sesame"
    with Gateway(token="open sesame") as gateway:
        settings.SMS_GATEWAY_URL = gateway.url  # it will have stopped


@pytest.mark.django_db
def test_a_header_task_delivers_its_batch_and_the_body_closes_the_run(alice: User) -> None:
    draft(alice)
    claim = claimed("log")

    tasks.deliver.run(str(claim.run.pk), claim.batches[0])
    tasks.close_run.run(str(claim.run.pk))

    assert Delivery.objects.get(channel="log").state == "sent"
    assert ChordRun.objects.get(pk=claim.run.pk).state == "closed"


@pytest.mark.django_db
def test_a_header_task_of_a_run_that_is_gone_ends_without_complaint() -> None:
    tasks.deliver.run(str(uuid.uuid4()), [1, 2, 3])


@pytest.mark.django_db
@pytest.mark.parametrize("retries", range(TASK_RETRIES))
def test_a_header_task_retries_while_its_channel_is_down(
    retries: int, nobody_at_the_gateway: None, alice: User
) -> None:
    draft(alice)

    with pytest.raises(Retry) as retry:
        deliver_after(retries, claimed("sms"))

    assert 2**retries <= retry.value.when <= 2 ** (retries + 1)


@pytest.mark.django_db
def test_a_header_task_whose_retries_are_spent_ends_as_if_nothing_had_happened(
    nobody_at_the_gateway: None, alice: User
) -> None:
    draft(alice)

    deliver_after(TASK_RETRIES, claimed("sms"))

    assert Delivery.objects.get(channel="sms").state == "pending"
