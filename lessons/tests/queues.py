"""The broker's queues, Redis' or RabbitMQ's, as a test sees them from outside. No worker is needed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.transport.native_delayed_delivery import declare_native_delayed_delivery_exchanges_and_queues

from lessons.broker import connection
from lessons.monitoring.queues import queue_length, queue_names
from lessons.notifications.channels import REGISTRY
from lessons.wake import waker

QUEUES = queue_names(REGISTRY)


@dataclass(frozen=True)
class Task:
    """One that waits in a queue."""

    name: str
    id: str
    root_id: str
    request_id: str
    arguments: list[Any]
    shown: str  # of the arguments, by Flower
    embedded: dict[str, Any]


def waiting(queue: str) -> int:
    """How many tasks the broker holds in it that no worker has taken. This process' wakes are out by then."""
    waker().rest()
    with current_app.pool.acquire(block=True) as broker:
        return queue_length(broker, queue)


def take_all(queue: str) -> list[Task]:
    """The tasks of a queue, the oldest first; they are gone from it. This process' wakes are among them."""
    number = waiting(queue)
    with _channel() as channel:
        return [_task(channel.basic_get(queue, no_ack=True)) for _ in range(number)]


def empty_broker() -> None:
    """Redis forgets everything, wakes included, and no queue holds a task."""
    waker().rest()
    connection().flushdb()
    if is_rabbitmq():
        for queue in filter(waiting, QUEUES):
            with _channel() as channel:
                channel.queue_purge(queue)


def prepare_broker() -> None:
    """What a worker makes when it starts: where RabbitMQ keeps a retry until its time has come."""
    if is_rabbitmq():
        with current_app.pool.acquire(block=True) as broker:
            declare_native_delayed_delivery_exchanges_and_queues(broker, "quorum")


def broker_is_idle() -> bool:
    """No task waits, and no worker has one in hand."""
    if not is_rabbitmq():
        return not connection().exists("unacked", *QUEUES)
    if any(map(waiting, QUEUES)):
        return False
    in_hand = current_app.control.inspect(timeout=0.2)
    return not any(tasks for answer in (in_hand.active(), in_hand.reserved()) for tasks in (answer or {}).values())


def is_rabbitmq() -> bool:
    return bool(settings.CELERY_BROKER_URL.startswith("amqp"))


@contextmanager
def _channel() -> Iterator[Any]:
    """One of its own: over a queue that nobody has made yet RabbitMQ closes it."""
    with current_app.pool.acquire(block=True) as broker:
        channel = broker.channel()
        try:
            yield channel
        finally:
            channel.close()


def _task(message: Any) -> Task:
    arguments, _, embedded = json.loads(message.body)
    headers = message.headers
    return Task(
        name=headers["task"],
        id=headers["id"],
        root_id=headers["root_id"],
        request_id=headers.get("request_id", ""),
        arguments=arguments,
        shown=headers["argsrepr"],
        embedded=embedded,
    )
