"""What is being delivered, as the worker's log tells it."""

import re
from collections.abc import Iterator
from typing import TextIO

# Lines of the loggers `lessons.notifications` and below, whatever stands before the name.
DELIVERY = re.compile(r"\blessons\.notifications\b")


def new_deliveries(log: TextIO) -> Iterator[str]:
    """The lines about deliveries that were written since the last call; an unfinished one waits."""
    while True:
        position = log.tell()
        line = log.readline()
        if not line.endswith("\n"):
            log.seek(position)
            return
        if DELIVERY.search(line):
            yield line.rstrip()
