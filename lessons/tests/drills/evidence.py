"""What is left when everything has stopped: the rows, and the gateway's own log."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lessons.tests.drills.stack import Stack

TABLES = {
    "people": "SELECT id, is_active, muted_channels, email, phone FROM lessons_user",
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

    people: list[Any]
    lessons: list[Any]
    events: list[Any]
    dispatches: list[Any]
    deliveries: list[Any]
    attempts: list[Any]
    redeliveries: list[Any]
    runs: list[Any]
    bookings: list[Any]
    steps: list[Any]
    deadlocks: int

    def __init__(self, stack: Stack) -> None:
        for name, statement in TABLES.items():
            setattr(self, name, stack.query(statement))
        self.channels = stack.settings["NOTIFICATION_CHANNELS"].split(",")
        self.tick = stack.timing.tick
        self.deadlocks = stack.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        journal = [json.loads(line) for line in stack.journal.read_text().splitlines()]
        self.arrivals = [*sms_arrivals(journal), *mail_arrivals(journal)]

    @cached_property
    def delivery(self) -> dict[int, Any]:
        return {row.id: row for row in self.deliveries}

    @cached_property
    def person(self) -> dict[int, Any]:
        return {row.id: row for row in self.people}

    @cached_property
    def event(self) -> dict[int, Any]:
        return {row.id: row for row in self.events}


def sms_arrivals(journal: Iterable[dict[str, Any]]) -> Iterator[Arrival]:
    """The provider numbers what it accepts; a repeated key gets the first one's id again."""
    taken = [entry for entry in journal if entry.get("outcome") in ("accepted", "duplicate") and "key" in entry]
    yield from _numbered("sms", [(entry["key"], entry["id"]) for entry in taken])


def mail_arrivals(journal: Iterable[dict[str, Any]]) -> Iterator[Arrival]:
    """A mail server knows no repetitions; they share a Message-ID."""
    taken = [entry for entry in journal if entry.get("outcome") == "accepted" and "message_id" in entry]
    yield from _numbered("email", [(entry["message_id"].strip("<>").partition("@")[0], entry["id"]) for entry in taken])


def _numbered(channel: str, taken: Iterable[tuple[str, str]]) -> Iterator[Arrival]:
    """In the order in which each was taken first."""
    raw: Counter[str] = Counter()
    numbers: dict[str, int] = {}
    for key, id_ in taken:
        raw[key] += 1
        number = int(id_.rpartition("-")[2])
        numbers[key] = min(number, numbers.get(key, number))
    for key in sorted(numbers, key=numbers.__getitem__):
        yield Arrival(channel, key, numbers[key], raw[key])
