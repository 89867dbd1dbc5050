"""Counting no further than anybody wants to know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from lessons.notifications import redeliver

COUNTED_UP_TO = 10_000


@dataclass(frozen=True)
class CappedCount:
    """A number, or "at least `COUNTED_UP_TO`": then `is_capped`."""

    found: int

    @property
    def number(self) -> int:
        return min(self.found, COUNTED_UP_TO)

    @property
    def is_capped(self) -> bool:
        return self.found > COUNTED_UP_TO

    def __bool__(self) -> bool:
        return self.found > 0

    def __str__(self) -> str:
        return f"{self.number:,}".replace(",", " ") + ("+" if self.is_capped else "")


def capped(rows: QuerySet[Any]) -> CappedCount:
    """How many rows there are, in one query that looks at no more than it has to."""
    return CappedCount(rows.order_by().values("pk")[: COUNTED_UP_TO + 1].count())


def dead_since(*, channel: str, since: datetime) -> CappedCount:
    """How many deliveries `lifecycle.redeliver_channel` would take."""
    return capped(redeliver.dead_since(channel=channel, since=since))
