"""How many requests one user may make in a minute."""

import logging
import time
from typing import Any

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from lessons.broker import UNREACHABLE, breaker, connection, one_round_trip

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


class PerUser(BaseThrottle):
    """A sliding window of two counters: this minute's, and the share of the last one's that is still in sight.

    One round trip to Redis. While that is away, or slow, everybody is let through.
    """

    retry_after = 0.0

    def allow_request(self, request: Any, view: Any) -> bool:
        limit = settings.API_REQUESTS_PER_MINUTE
        if not limit or not request.user.is_authenticated or breaker.is_open:
            return True
        minute, passed = divmod(time.time(), WINDOW_SECONDS)
        try:
            now, before = _count(request.user.pk, int(minute))
        except UNREACHABLE as error:
            breaker.trip()
            logger.warning("Requests are let through uncounted, the broker does not answer: %s", error)
            return True
        share = 1 - passed / WINDOW_SECONDS
        self.retry_after = _seconds_until_below(limit, now, before, passed)
        return now + before * share <= limit

    def wait(self) -> float:
        return self.retry_after


def _count(user_id: int, minute: int) -> tuple[int, int]:
    """This request is counted; the user's requests of this minute and of the last one.

    Raises TimeoutError for a broker that answers, but slowly: the wake has to come within the same three seconds.
    """
    with one_round_trip(), connection().pipeline(transaction=False) as pipe:
        key = f"requests:{user_id}:{minute}"
        pipe.incr(key)
        pipe.expire(key, 2 * WINDOW_SECONDS)
        pipe.get(f"requests:{user_id}:{minute - 1}")
        now, _, before = pipe.execute()
    return int(now), int(before or 0)


def _seconds_until_below(limit: int, now: int, before: int, passed: float) -> float:
    """Until one more request fits, if none comes meanwhile: within this minute, or some way into the next."""
    room = limit - now - 1
    if room >= 0 and before:
        return max(0.0, WINDOW_SECONDS * (1 - room / before) - passed) + 1
    return WINDOW_SECONDS - passed + WINDOW_SECONDS * max(0.0, 1 - (limit - 1) / now) + 1
