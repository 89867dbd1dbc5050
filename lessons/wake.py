"""Waking the relay: at most one wake under way, and no request that waits for it.

A wake is a hint. Where it gets lost, beat's next tick finds what it would have told of.
"""

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache

from celery import current_app

from lessons.broker import UNREACHABLE, breaker, connection

logger = logging.getLogger(__name__)

RELAY_TASK = "lessons.relay"  # by name: what is below starts what is above without importing it
KEY = "relay:wake"
KEY_MILLISECONDS = 2000
# Brokers have time-outs per round trip. To publish takes up to ten of these where the connection is new, and to give up
# RabbitMQ three more: who waits for the whole of it waits no longer than this.
PATIENCE_SECONDS = 1.5
# Between two wakes for changes. Few passes of the relay that find much cost less than many that find little.
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.25
# Changes of one process: with fewer the pause stays short. It is their pace that counts. How many share a wake grows
# with the pause itself, which after a rush would stay long at a pace at which it would never have become so.
MANY_PER_SECOND = 50


def wake() -> None:
    """Publish one call of the relay now, unless one is under way already: for who leaves it something to do.

    Never raises for a broker that is away, or too slow.
    """
    if not breaker.is_open:
        waker().wake()


def wake_soon() -> None:
    """The same for who has committed a change, and waits for nobody: at once while all is calm, together with others'
    changes while many come, and once more after a while where the broker was away."""
    waker().wake_soon()


def forget_wake() -> None:
    """Let the next wake through. The relay calls this before its first read: after it, wakes would get lost."""
    try:
        connection().delete(KEY)
    except UNREACHABLE as error:
        logger.warning("The wake key could not be deleted, it expires by itself: %s", error)


class Waker:
    """A process's thread for it: what that still waits for when everybody else has given up, it waits for alone."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wake")
        self._is_coming = False
        self._changes = 0  # since the last wake
        self._pause, self._woke_at = SHORTEST_PAUSE_SECONDS, 0.0

    def wake(self) -> None:
        waking = self._thread.submit(copy_context().run, _wake)  # whose request, whose trace
        try:
            waking.result(PATIENCE_SECONDS)
        except TimeoutError as error:
            _note(error)

    def wake_soon(self) -> None:
        self._changes += 1
        if not self._is_coming:
            self._is_coming = True
            self._thread.submit(copy_context().run, self._wake_after_pause)

    def rest(self) -> None:
        """Return when every wake that was asked for is out."""
        self._thread.submit(lambda: None).result()

    def _wake_after_pause(self) -> None:
        try:
            time.sleep(max(0.0, self._woke_at + self._pause - time.monotonic(), breaker.seconds_left))
        finally:  # a change that is committed from now on may be too late for this wake
            self._is_coming = False
        are_many = self._changes > max(1, MANY_PER_SECOND * (time.monotonic() - self._woke_at))
        self._changes = 0
        _wake()
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS) if are_many else SHORTEST_PAUSE_SECONDS
        self._woke_at = time.monotonic()


@cache
def waker() -> Waker:
    return Waker()


os.register_at_fork(after_in_child=waker.cache_clear)  # threads stay behind


def _wake() -> None:
    try:
        if _is_first():
            current_app.send_task(RELAY_TASK, ignore_result=True)
    except UNREACHABLE as error:
        _note(error)


def _is_first() -> bool:
    """Whether no wake is under way."""
    return bool(connection().set(KEY, 1, nx=True, px=KEY_MILLISECONDS))


def _note(error: Exception) -> None:
    breaker.trip()
    logger.warning("The relay was not woken, its next tick will find the work: %s", error or type(error).__name__)
