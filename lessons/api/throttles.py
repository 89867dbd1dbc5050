"""How many requests one user may make in a minute."""

import logging
import time
from functools import lru_cache
from typing import Any

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from lessons.broker import UNREACHABLE, breaker, connection, one_round_trip

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


class PerUser(BaseThrottle):
    """A sliding window of two counters: this minute's, and the share of the last one's that is still in sight.

    One round trip to Redis, two for the first request of a minute. While that is away, or slow, everybody is let
    through.
    """

    retry_after = 0.0

    def allow_request(self, request: Any, view: Any) -> bool:
        limit = settings.API_REQUESTS_PER_MINUTE
        if not limit or not request.user.is_authenticated or breaker.is_open:
            return True
        minute, passed = divmod(time.time(), WINDOW_SECONDS)
        try:
            with one_round_trip():
                before = _begin(request.user.pk, int(minute))
                now = int(connection().incr(_key(request.user.pk, int(minute))))
        except UNREACHABLE as error:
            breaker.trip()
            logger.warning("Requests are let through uncounted, the broker does not answer: %s", error)
            return True
        share = 1 - passed / WINDOW_SECONDS
        self.retry_after = _seconds_until_below(limit, now, before, passed)
        return now + before * share <= limit

    def wait(self) -> float:
        return self.retry_after


@lru_cache(maxsize=1024)
def _begin(user_id: int, minute: int) -> int:
    """Begin to count a minute; the requests of the one before, which change no more: each process asks once."""
    with connection().pipeline(transaction=False) as pipe:
        pipe.set(_key(user_id, minute), 0, nx=True, ex=2 * WINDOW_SECONDS)
        pipe.get(_key(user_id, minute - 1))
        _, before = pipe.execute()
    return int(before or 0)


def _key(user_id: int, minute: int) -> str:
    return f"requests:{user_id}:{minute}"


def _seconds_until_below(limit: int, now: int, before: int, passed: float) -> float:
    """Until one more request fits, if none comes meanwhile: within this minute, or some way into the next."""
    room = limit - now - 1
    if room >= 0 and before:
        return max(0.0, WINDOW_SECONDS * (1 - room / before) - passed) + 1
    return WINDOW_SECONDS - passed + WINDOW_SECONDS * max(0.0, 1 - (limit - 1) / now) + 1
