"""Waking the relay: at most one wake under way, and never a request that waits for a broker that is away."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache

from celery import current_app

from lessons.broker import UNREACHABLE, breaker, connection, one_round_trip

logger = logging.getLogger(__name__)

RELAY_TASK = "lessons.relay"  # by name: what is below starts what is above without importing it
KEY = "relay:wake"
KEY_MILLISECONDS = 2000
# Brokers have time-outs per round trip. To publish takes up to ten of these where the connection is new, and to give up
# RabbitMQ three more: a request waits for the whole of it no longer than this.
PATIENCE_SECONDS = 1.5


def wake() -> None:
    """Publish one call of the relay, unless one is already under way.

    Never raises for a broker that is away, or too slow: the rows are committed, and beat's next tick finds them.
    """
    if breaker.is_open:
        return
    try:
        if _is_first():
            _publisher().submit(copy_context().run, _publish).result(PATIENCE_SECONDS)  # whose request, whose trace
    except UNREACHABLE as error:
        breaker.trip()
        logger.warning("The relay was not woken, its next tick will find the work: %s", error or type(error).__name__)


def _is_first() -> bool:
    """Whether no wake is under way. Raises TimeoutError for a broker that answers, but slowly."""
    with one_round_trip():
        return bool(connection().set(KEY, 1, nx=True, px=KEY_MILLISECONDS))


def _publish() -> None:
    current_app.send_task(RELAY_TASK, ignore_result=True)


@cache
def _publisher() -> ThreadPoolExecutor:
    """A thread of its own per process: what it still waits for when a request has given up, it waits for alone."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="wake")


os.register_at_fork(after_in_child=_publisher.cache_clear)  # threads stay behind


def forget_wake() -> None:
    """Let the next wake through. The relay calls this before its first read: after it, wakes would get lost."""
    try:
        connection().delete(KEY)
    except UNREACHABLE as error:
        logger.warning("The wake key could not be deleted, it expires by itself: %s", error)
