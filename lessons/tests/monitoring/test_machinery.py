"""Workers, queues and the relay: what they last said, and that nobody waits for a broker that is away."""

import time

import pytest
from celery import current_app
from pytest_django import Settings

from lessons import heartbeat, monitoring
from lessons.broker import connection
from lessons.heartbeat import Worker
from lessons.monitoring.queues import queue_names
from lessons.notifications.channels import REGISTRY
from lessons.tests.brokers import AWAY, Place, broker_at


def test_workers_say_how_busy_they_are() -> None:
    heartbeat.beat_worker(Worker(name="worker@b", busy=1, slots=4, done=7))
    heartbeat.beat_worker(Worker(name="worker@a", busy=0, slots=2, done=0))

    workers = monitoring.machinery().workers

    assert [(w.name, w.busy, w.slots, w.done, w.is_alive) for w in workers] == [
        ("worker@a", 0, 2, 0, True),
        ("worker@b", 1, 4, 7, True),
    ]


def test_a_worker_that_has_gone_is_named_for_a_while_and_then_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat.beat_worker(Worker(name="worker@a", busy=0, slots=2, done=0))
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + 60)
    assert [worker.is_alive for worker in heartbeat.workers()] == [False]
    monkeypatch.setattr(time, "time", lambda: now + 601)
    assert heartbeat.workers() == []
    assert not connection().exists(heartbeat.WORKERS_KEY)


def test_the_relay_is_alive_when_it_has_said_so() -> None:
    assert not monitoring.machinery().relay_is_alive
    heartbeat.beat(heartbeat.RELAY)
    assert monitoring.machinery().relay_is_alive


def test_queues_tell_their_lengths_and_one_that_is_not_there_is_empty() -> None:
    current_app.send_task("lessons.relay", ignore_result=True)

    assert monitoring.machinery().queues == {**dict.fromkeys(queue_names(REGISTRY), 0), "control": 1}


@pytest.mark.parametrize("where", AWAY.values(), ids=AWAY)
def test_a_broker_that_is_away_is_said_so_and_not_waited_for(settings: Settings, where: Place) -> None:
    with broker_at(where, settings, within_seconds=3):
        first, second = monitoring.machinery(), monitoring.machinery()

    assert first.problem
    assert second.problem == "muted"
