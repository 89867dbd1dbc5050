"""The Celery tasks are known by the names, queues and limits that the rest counts on."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery import current_app
from celery.exceptions import Retry
from celery.worker.request import Request
from kombu.message import Message
from pytest_django import Settings

from backend.gateway import Gateway
from backend.timing import Timing
from lessons import tasks
from lessons.models import ChordRun, Delivery, User
from lessons.notifications.claim import Claim
from lessons.notifications.launch import CLOSE_TASK, DELIVER_TASK
from lessons.notifications.retry import TASK_RETRIES
from lessons.tests.notifications.aftermath import told_days_ago
from lessons.tests.notifications.deliveries import claimed
from lessons.tests.people import completed, draft, scheduled
from lessons.tests.queues import is_rabbitmq
from lessons.tests.rows import a_day_passes
from lessons.wake import RELAY_TASK

RABBITMQ_ACK_SECONDS = 30 * 60  # its consumer_timeout, unless somebody sets another


@pytest.mark.parametrize(
    ("task", "name"), [(tasks.relay, RELAY_TASK), (tasks.deliver, DELIVER_TASK), (tasks.close_run, CLOSE_TASK)]
)
def test_a_task_has_the_name_by_which_it_is_started_from_below(task: object, name: str) -> None:
    assert current_app.tasks[name].name == name == task.name  # type: ignore[attr-defined]


def test_no_task_leaves_a_result_behind() -> None:
    ours = [task for name, task in current_app.tasks.items() if name.startswith("lessons.")]

    assert len(ours) >= 5
    assert all(task.ignore_result for task in ours)


def test_beat_starts_tasks_that_exist(settings: Settings) -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE

    assert {entry["task"] for entry in schedule.values()} == {
        task.name for task in (tasks.relay, tasks.remind, tasks.prune)
    }


@pytest.mark.parametrize(("hours", "is_thrown_away"), [(-1, False), (1, False), (3, True)])
def test_what_beat_started_is_taken_by_a_worker_whose_clock_is_wrong_but_does_not_pile_up_for_ever(
    hours: int, is_thrown_away: bool, settings: Settings
) -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        sent = current_app.amqp.as_task_v2(str(uuid.uuid4()), entry["task"], expires=entry["options"]["expires"])
        request = Request(Message(headers=sent.headers, body=sent.body), app=current_app, decoded=True)

        with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
            assert bool(request.maybe_expire()) is is_thrown_away


def test_beat_keeps_the_scaled_time(settings: Settings) -> None:
    seconds = {name: entry["schedule"] for name, entry in settings.CELERY_BEAT_SCHEDULE.items()}

    timing = settings.TIMING
    assert seconds == {"relay": timing.tick, "remind": timing.minute, "prune": 60 * timing.minute}


def test_a_task_is_acknowledged_when_it_is_done_and_ends_before_the_broker_gives_it_to_another(
    settings: Settings,
) -> None:
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST
    visibility = (
        RABBITMQ_ACK_SECONDS if is_rabbitmq() else settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    )
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
def test_a_task_reminds_of_lessons(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob, at=datetime.now(UTC) + timedelta(hours=48, minutes=-5))
    a_day_passes(lesson)

    tasks.remind.run()

    assert lesson.events.latest("id").occasion == "-24h"


@pytest.mark.django_db
def test_a_task_removes_what_has_served_its_time(alice: User, bob: User) -> None:
    told_days_ago(completed(alice, bob), 91)

    tasks.prune.run()

    assert not Delivery.objects.exists()


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
