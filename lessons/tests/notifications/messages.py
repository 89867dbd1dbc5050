"""Messages as a channel gets them, without a database."""

from typing import Any

from lessons.events import EventName
from lessons.notifications.messages import EventFacts, Message, Recipient

ALICE, BOB = 7, 12


def recipient(**more: Any) -> Recipient:
    """Bob, unless told otherwise."""
    known = {"id": BOB, "full_name": "Bob", "language": "en", "time_zone": "UTC", "phone": "+79000000012", "email": ""}
    return Recipient(**{**known, **more})


def message(
    name: str = EventName.SCHEDULED, *, title: str = "Algebra", reason: str = "", delivery_id: int = 1, **more: Any
) -> Message:
    """Alice's lesson of the 5th of March, 9 to 10 UTC, earlier the 4th of February at 12; `more` says for whom."""
    snapshot = {
        "title": title,
        "teacher": ALICE,
        "start_time": "2026-03-05T09:00:00+00:00",
        "end_time": "2026-03-05T10:00:00+00:00",
        "left": [99],
        "people_changed": True,
    }
    if name == EventName.RESCHEDULED:
        snapshot |= {"old_start_time": "2026-02-04T12:00:00+00:00", "old_end_time": "2026-02-04T13:00:00+00:00"}
    facts = EventFacts(1, 1, name, reason, snapshot, "Alice")
    return Message(delivery_id, f"delivery-{delivery_id}", recipient(**more), facts)
