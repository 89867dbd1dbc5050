"""What people are told: one template per event and language, in the recipient's time zone."""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation


@dataclass(frozen=True)
class Recipient:
    """Whom a message is for, as they are at the moment of sending."""

    id: int
    full_name: str
    language: str
    time_zone: str
    phone: str
    email: str


@dataclass(frozen=True)
class EventFacts:
    """What a message is about, as it was at the moment of the event."""

    id: int
    lesson_id: int
    name: str
    reason: str
    snapshot: dict[str, Any]
    teacher_name: str

    @property
    def title(self) -> str:
        return str(self.snapshot["title"])

    def moment(self, name: str) -> datetime | None:
        """A time of the snapshot; None where the event has none of that name."""
        return datetime.fromisoformat(self.snapshot[name]) if name in self.snapshot else None


@dataclass(frozen=True)
class Message:
    """One delivery, ready to be handed to its channel."""

    delivery_id: int
    idempotency_key: str
    recipient: Recipient
    event: EventFacts

    @property
    def to_teacher(self) -> bool:
        return bool(self.recipient.id == self.event.snapshot["teacher"])


def render_text(message: Message) -> str:
    """The plain text, in the recipient's language, with times in their time zone and its name."""
    event, recipient = message.event, message.recipient
    context = {
        "title": event.title,
        "reason": event.reason,
        "teacher": event.teacher_name,
        "to_teacher": message.to_teacher,
        "has_left": recipient.id in event.snapshot.get("left", ()),
        **{name: event.moment(name) for name in ("start_time", "end_time", "old_start_time", "old_end_time")},
    }
    with translation.override(recipient.language), timezone.override(zoneinfo.ZoneInfo(recipient.time_zone)):
        text = render_to_string(f"lessons/messages/{recipient.language}/{event.name}.txt", context)
    return " ".join(text.split())
