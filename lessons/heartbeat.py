"""Signs of life of the relay and the workers, for /readyz and the monitor."""

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

from django.conf import settings

from lessons.broker import UNREACHABLE, connection

RELAY, WORKER = "relay", "worker"
WORKERS_KEY = "heartbeat:workers"
SILENT_SECONDS = 10.0  # Celery's workers speak every two seconds, whatever the scale of our own time
REMEMBERED_SECONDS = 600  # a worker that has gone is still named for a while


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker last said of itself, `seconds_ago`. `busy` of its `slots` have a task in hand."""

    name: str
    busy: int
    slots: int
    done: int
    seconds_ago: float = 0.0

    @property
    def is_alive(self) -> bool:
        return self.seconds_ago < SILENT_SECONDS


def beat(name: str) -> None:
    """Say that `name` is alive; holds for three ticks of the relay."""
    with suppress(*UNREACHABLE):
        connection().set(f"heartbeat:{name}", 1, px=int(3000 * settings.TIMING.tick))


def is_alive(name: str) -> bool:
    """Whether `name` has said so lately. Raises redis.RedisError where nobody can be asked."""
    return bool(connection().exists(f"heartbeat:{name}"))


def beat_worker(worker: Worker) -> None:
    """A worker says how it is."""
    with suppress(*UNREACHABLE):
        facts = {**asdict(worker), "at": time.time()}
        connection().hset(WORKERS_KEY, worker.name, json.dumps(facts))


def workers() -> list[Worker]:
    """All workers that were heard of lately, by name. Raises redis.RedisError where nobody can be asked."""
    heard = [json.loads(facts) for facts in connection().hvals(WORKERS_KEY)]
    now = time.time()
    ages = [max(0.0, now - facts.pop("at")) for facts in heard]
    found = [Worker(**{**facts, "seconds_ago": age}) for facts, age in zip(heard, ages, strict=True)]
    if gone := [worker.name for worker in found if worker.seconds_ago > REMEMBERED_SECONDS]:
        connection().hdel(WORKERS_KEY, *gone)
    return sorted((worker for worker in found if worker.name not in gone), key=lambda worker: worker.name)
