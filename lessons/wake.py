"""Waking the relay: at most one wake under way, and never a request that waits for a broker that is away."""

import logging
import time

from celery import current_app

from lessons.broker import UNREACHABLE, breaker, connection

logger = logging.getLogger(__name__)

RELAY_TASK = "lessons.relay"  # by name: what is below starts what is above without importing it
KEY = "relay:wake"
KEY_MILLISECONDS = 2000
# To publish takes up to six more round trips, where its connection is new: three seconds in all are just not reached.
SLOW_SECONDS = 0.4


def wake() -> None:
    """Publish one call of the relay, unless one is already under way.

    Never raises for a broker that is away, or too slow: the rows are committed, and beat's next tick finds them.
    """
    if breaker.is_open:
        return
    try:
        if _is_first():
            current_app.send_task(RELAY_TASK, ignore_result=True)
    except UNREACHABLE as error:
        breaker.trip()
        logger.warning("The relay was not woken, its next tick will find the work: %s", error)


def _is_first() -> bool:
    """Whether no wake is under way. Raises TimeoutError for a broker that answers, but slowly."""
    asked = time.monotonic()
    is_first = connection().set(KEY, 1, nx=True, px=KEY_MILLISECONDS)
    seconds = time.monotonic() - asked
    if seconds > SLOW_SECONDS:
        raise TimeoutError(f"the broker took {seconds:.1f} s to answer")
    return bool(is_first)


def forget_wake() -> None:
    """Let the next wake through. The relay calls this before its first read: after it, wakes would get lost."""
    try:
        connection().delete(KEY)
    except UNREACHABLE as error:
        logger.warning("The wake key could not be deleted, it expires by itself: %s", error)
