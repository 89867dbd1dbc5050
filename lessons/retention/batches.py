"""One statement after the other, until nothing is left of what it removes."""

from collections.abc import Iterator
from typing import Any

from lessons.sql import execute

ROWS_AT_ONCE = 1000


def in_batches(statement: str, **parameters: Any) -> Iterator[int]:
    """Run a statement that removes up to `limit` rows, again and again; each time, how many it removed."""
    while removed := execute(statement, limit=ROWS_AT_ONCE, **parameters):
        yield removed
