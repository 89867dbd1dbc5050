"""Exact counts of the sends that came in, however many messages are still kept."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

# accepted and duplicate: the message is out; an SMS, the second time, without being sent again.
# declined: a 4xx for what was asked. failed: an injected error. refused: a reset.
# unanswered, beside accepted or duplicate: nobody waited for the answer, or none was to be given.
Outcome = Literal["accepted", "duplicate", "declined", "failed", "refused", "unanswered"]


class Traffic:
    """Counters since the start or the last `clear`; safe under threads. E-mails' duplicates go out, too."""

    def __init__(self, *, duplicates_go_out: bool = False) -> None:
        self._duplicates_go_out = duplicates_go_out
        self._lock = threading.Lock()
        self._counts: Counter[Outcome] = Counter()
        self._in_flight = 0
        self._max_in_flight = 0

    def count(self, outcome: Outcome) -> None:
        with self._lock:
            self._counts[outcome] += 1

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count one send as being dealt with for as long as the block lasts."""
        with self._lock:
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    def stats(self) -> dict[str, int]:
        """`raw` counts sends that were accepted, `effective` those of them that went out."""
        with self._lock:
            counts = self._counts
            raw = counts["accepted"] + counts["duplicate"]
            return {
                "raw": raw,
                "effective": raw if self._duplicates_go_out else counts["accepted"],
                "duplicates": counts["duplicate"],
                "in_flight": self._in_flight,
                "max_in_flight": self._max_in_flight,
                "declined": counts["declined"],
                "failed": counts["failed"],
                "refused": counts["refused"],
                "unanswered": counts["unanswered"],
            }

    def clear(self) -> None:
        """Start at nought again, but for the sends that are in flight just now."""
        with self._lock:
            self._counts.clear()
            self._max_in_flight = self._in_flight
