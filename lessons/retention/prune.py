"""Removing what has served its time, a little at a time, while everything else goes on."""

import time
from collections.abc import Callable, Iterator

from django.conf import settings

from lessons.retention.answers_and_tokens import remove_answers, remove_tokens
from lessons.retention.deliveries import remove_deliveries
from lessons.retention.runs import remove_minutes, remove_runs

KINDS: dict[str, Callable[[], Iterator[int]]] = {
    "stored answers": remove_answers,
    "expired tokens": remove_tokens,
    "chord runs": remove_runs,
    "minutes": remove_minutes,
    "deliveries": remove_deliveries,
}


def prune() -> int:
    """Remove what may go, for half of the time that a task has; the number of rows. The next call does the rest."""
    deadline = time.monotonic() + settings.TIMING.soft_limit / 2
    removed = 0
    for batches in KINDS.values():
        for number in batches():
            removed += number
            if time.monotonic() > deadline:
                return removed
    return removed
