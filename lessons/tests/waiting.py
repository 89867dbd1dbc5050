"""Waiting for a condition instead of sleeping."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 20.0


def wait_until(condition: Callable[[], object], *, within_seconds: float = PATIENCE_SECONDS) -> float:
    """Returns when the condition holds, with the seconds that it took; fails when it does not come true."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_seconds, f"it did not come true within {within_seconds:g} s"
        time.sleep(0.02)
    return time.monotonic() - started
