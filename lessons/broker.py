"""A quick connection to Redis for what may fail: wakes and heartbeats. One second, one try, one breaker per process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import redis
from django.conf import settings
from kombu.exceptions import KombuError
from redis.backoff import NoBackoff
from redis.retry import Retry

UNREACHABLE = (redis.RedisError, KombuError, OSError)
MUTE_SECONDS = 5.0
SLOW_SECONDS = 0.4  # a round trip that takes longer shows a broker in trouble: requests leave it alone


class Breaker:
    """After a failure, leaves Redis alone for a while, so that a request pays for at most one time-out."""

    def __init__(self) -> None:
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return self.seconds_left > 0

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._open_until - time.monotonic())

    def trip(self) -> None:
        self._open_until = time.monotonic() + MUTE_SECONDS

    def reset(self) -> None:
        self._open_until = 0.0


breaker = Breaker()


@contextmanager
def one_round_trip() -> Iterator[None]:
    """Raises TimeoutError where what is asked inside was answered, but slowly."""
    asked = time.monotonic()
    yield
    seconds = time.monotonic() - asked
    if seconds > SLOW_SECONDS:
        raise TimeoutError(f"the broker took {seconds:.1f} s to answer")


@cache
def connection() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        # No greetings: each is a round trip of its own, and up to four come before the first word.
        protocol=2,
        driver_info=None,
    )
