"""What is left when everything has stopped: the rows, and the gateway's own log."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lessons.tests.drills.stack import Stack

TABLES = {
    "lessons": "SELECT * FROM lessons_lesson",
    "events": "SELECT * FROM lessons_lessonevent ORDER BY id",
    "dispatches": "SELECT * FROM lessons_dispatch",
    "deliveries": "SELECT * FROM lessons_delivery",
    "attempts": "SELECT * FROM lessons_deliveryattempt ORDER BY delivery_id, number",
    "redeliveries": "SELECT * FROM lessons_redelivery",
    "runs": "SELECT * FROM lessons_chordrun",
    "bookings": "SELECT * FROM lessons_booking",
    "steps": "SELECT * FROM drill_step ORDER BY at",
}


@dataclass(frozen=True)
class Arrival:
    """One message that the outside world took. `raw`: how often it was handed in."""

    channel: str
    key: str
    number: int
    raw: int

    @property
    def delivery_id(self) -> int:
        return int(self.key.removeprefix("delivery-"))


class Evidence:
    """Rows as named tuples, by the names of TABLES; arrivals in the order in which they were accepted."""

    lessons: list[Any]
    events: list[Any]
    dispatches: list[Any]
    deliveries: list[Any]
    attempts: list[Any]
    redeliveries: list[Any]
    runs: list[Any]
    bookings: list[Any]
    steps: list[Any]

    def __init__(self, stack: Stack) -> None:
        for name, statement in TABLES.items():
            setattr(self, name, stack.query(statement))
        self.channels = stack.settings["NOTIFICATION_CHANNELS"].split(",")
        self.tick = stack.timing.tick
        self.arrivals = [*sms_arrivals(stack.journal)]

    @cached_property
    def delivery(self) -> dict[int, Any]:
        return {row.id: row for row in self.deliveries}

    @cached_property
    def event(self) -> dict[int, Any]:
        return {row.id: row for row in self.events}


def sms_arrivals(journal: Path) -> Iterator[Arrival]:
    """The provider numbers what it accepts; a repeated key gets the first one's id again."""
    raw: Counter[str] = Counter()
    numbers: dict[str, int] = {}
    with journal.open() as lines:
        for line in lines:
            entry = json.loads(line)
            if entry.get("outcome") in ("accepted", "duplicate") and entry.get("path") == "/sms/messages":
                raw[entry["key"]] += 1
                numbers[entry["key"]] = int(entry["id"].rpartition("-")[2])
    for key in sorted(numbers, key=numbers.__getitem__):
        yield Arrival("sms", key, numbers[key], raw[key])
