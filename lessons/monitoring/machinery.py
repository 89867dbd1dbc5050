"""Workers, queues and the relay: what they last said of themselves. Never waits longer than a time-out."""

from dataclasses import dataclass
from functools import cached_property

from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError

from lessons import heartbeat
from lessons.broker import UNREACHABLE, breaker
from lessons.heartbeat import Worker
from lessons.monitoring.queues import queue_lengths, queue_names
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
        return Machinery(heartbeat.workers(), heartbeat.is_alive(heartbeat.RELAY), queue_lengths(queue_names(REGISTRY)))
    except AWAY as error:
        breaker.trip()
        return Machinery([], False, None, type(error).__name__)
