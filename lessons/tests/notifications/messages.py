"""Messages as a channel gets them, without a database."""

from datetime import UTC, datetime
from typing import Any

from lessons.events import EventName
from lessons.notifications.messages import EventFacts, Message, Recipient

ALICE, BOB, LEFT, JOINED = 7, 12, 99, 98


def recipient(**more: Any) -> Recipient:
    """Bob, unless told otherwise."""
    known = {
        "id": BOB,
        "full_name": "Bob",
        "language": "en",
        "time_zone": "UTC",
        "phone": "+79000000012",
        "email": "bob@school.example",
        "is_active": True,
    }
    return Recipient(**{**known, **more})


def message(
    name: str = EventName.SCHEDULED,
    *,
    title: str = "Algebra",
    reason: str = "",
    delivery_id: int = 1,
    source: str = "scheduled",
    occasion: str = "",
    seq: int = 2,
    snapshot: dict[str, Any] | None = None,
    **more: Any,
) -> Message:
    """Alice's lesson of the 5th of March, 9 to 10 UTC, earlier the 4th of February at 12; `more` says for whom."""
    facts = EventFacts(
        id=1,
        lesson_id=1,
        seq=seq,
        name=name,
        source=source,
        occasion=occasion,
        reason=reason,
        created_at=datetime(2026, 2, 1, 8, tzinfo=UTC),
        snapshot={**_snapshot(name, title), **(snapshot or {})},
        teacher_name="Alice",
    )
    return Message(delivery_id, f"delivery-{delivery_id}", recipient(**more), facts)


def _snapshot(name: str, title: str) -> dict[str, Any]:
    snapshot = {
        "title": title,
        "teacher": ALICE,
        "start_time": "2026-03-05T09:00:00+00:00",
        "end_time": "2026-03-05T10:00:00+00:00",
    }
    if name == EventName.UPDATED:
        snapshot |= {
            "people_changed": True,
            "left": [LEFT],
            "joined": [JOINED],
            "old_teacher": ALICE,
            "old_title": title,
        }
    if name == EventName.RESCHEDULED:
        snapshot |= {"old_start_time": "2026-02-04T12:00:00+00:00", "old_end_time": "2026-02-04T13:00:00+00:00"}
    return snapshot
