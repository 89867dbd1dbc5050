"""The model of delivery: what was promised, and what the database looks like.

Whom an event tells is foretold by the model of the lessons' life; what an event makes pointless stands in the tests'
own table.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from lessons.models import ChordRun, Delivery, DeliveryAttempt, Dispatch, Redelivery
from lessons.sql import fetch
from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.school import Happened, School
from lessons.tests.tables import SUPERSEDED

UNFINISHED = ("pending", "leased")
Row = dict[str, Any]


@dataclass
class Records:
    """The database after an act."""

    now: datetime
    deliveries: dict[int, Row] = field(default_factory=dict)
    attempts: dict[int, list[Row]] = field(default_factory=dict)  # of each delivery, by number
    dispatches: dict[int, Row] = field(default_factory=dict)
    runs: dict[Any, Row] = field(default_factory=dict)
    redeliveries: Counter[int] = field(default_factory=Counter)  # by delivery

    @classmethod
    def read(cls) -> "Records":
        attempts: dict[int, list[Row]] = defaultdict(list)
        for attempt in DeliveryAttempt.objects.order_by("number").values():
            attempts[attempt["delivery_id"]].append(attempt)
        return cls(
            now=fetch("SELECT now()")[0][0],
            deliveries={row["id"]: row for row in Delivery.objects.order_by("id").values()},
            attempts=attempts,
            dispatches={row["event_id"]: row for row in Dispatch.objects.values()},
            runs={row["id"]: row for row in ChordRun.objects.values()},
            redeliveries=Counter(Redelivery.objects.values_list("delivery_id", flat=True)),
        )

    def held_by(self, run_id: Any) -> list[Row]:
        return [row for row in self.deliveries.values() if row["state"] == "leased" and row["run_id"] == run_id]

    @cached_property
    def _by_addressee(self) -> dict[tuple[int, int, str], list[Row]]:
        rows: dict[tuple[int, int, str], list[Row]] = defaultdict(list)
        for row in self.deliveries.values():
            rows[row["lesson_id"], row["recipient_id"], row["channel"]].append(row)
        return rows

    def siblings(self, row: Row) -> list[Row]:
        """The messages about the same lesson, to the same person, over the same channel, this one included."""
        return self._by_addressee[row["lesson_id"], row["recipient_id"], row["channel"]]


@dataclass
class Reach:
    """How somebody can be reached now."""

    is_active: bool = True
    has_email: bool = True
    muted: frozenset[str] = frozenset()

    def why_not(self, channel: str) -> str:
        if not self.is_active:
            return "inactive"
        if channel in self.muted:
            return "opted_out"
        return "no_address" if channel == "post" and not self.has_email else ""


@dataclass
class Story:
    cast: Cast
    school: School = field(default_factory=School)
    events: dict[int, Happened] = field(default_factory=dict)  # the acknowledged ones that tell somebody
    reach: dict[str, Reach] = field(default_factory=lambda: defaultdict(Reach))

    def supersedes(self, later: int, earlier: int) -> bool:
        one, other = self.events[later].step.name, self.events[earlier].step.name
        if one == other == "updated" and self.events[earlier].says["people_changed"]:
            return False
        return later > earlier and other in SUPERSEDED[one]
