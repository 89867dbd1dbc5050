"""Signs of life of the relay and the workers, for /readyz."""

from contextlib import suppress

from django.conf import settings

from lessons.broker import UNREACHABLE, connection

RELAY, WORKER = "relay", "worker"


def beat(name: str) -> None:
    """Say that `name` is alive; holds for three ticks of the relay."""
    with suppress(*UNREACHABLE):
        connection().set(f"heartbeat:{name}", 1, px=int(3000 * settings.TIMING.tick))


def is_alive(name: str) -> bool:
    """Whether `name` has said so lately. Raises redis.RedisError where nobody can be asked."""
    return bool(connection().exists(f"heartbeat:{name}"))
