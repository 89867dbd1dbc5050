"""Workers, queues and the relay: what they last said of themselves. Never waits longer than a time-out."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from amqp.exceptions import AMQPError, NotFound
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from lessons import heartbeat
from lessons.broker import UNREACHABLE, breaker
from lessons.heartbeat import Worker
from lessons.notifications.channels import REGISTRY

AWAY = (*UNREACHABLE, OperationalError, AMQPError)


@dataclass(frozen=True)
class Machinery:
    """`problem`: why nobody could be asked. `queues`: their lengths; None for all where the broker does not tell."""

    workers: list[Worker]
    relay_is_alive: bool
    queues: dict[str, int] | None
    problem: str = ""

    @cached_property
    def alive(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.is_alive]


def machinery() -> Machinery:
    """Asks Redis for the signs of life and the broker for its queues."""
    if breaker.is_open:
        return Machinery([], False, None, "muted")
    try:
        return Machinery(heartbeat.workers(), heartbeat.is_alive(heartbeat.RELAY), _queue_lengths())
    except AWAY as error:
        breaker.trip()
        return Machinery([], False, None, type(error).__name__)


def queue_names() -> list[str]:
    return [str(settings.CELERY_TASK_DEFAULT_QUEUE), *(f"deliver.{channel}" for channel in REGISTRY)]


def _queue_lengths() -> dict[str, int] | None:
    """By a passive declaration: Redis and RabbitMQ both answer it with a count. A queue that is not there is empty."""
    lengths = {}
    with current_app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=1)
        for name in queue_names():
            channel: Any = connection.channel()  # one each: RabbitMQ closes it over a queue that is not there
            try:
                lengths[name] = int(channel.queue_declare(name, passive=True).message_count)
            except NotFound:
                lengths[name] = 0
            except connection.channel_errors:
                lengths[name] = 0
    return lengths
