"""What people are told: one template per event and language, in the recipient's time zone."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils import timezone, translation


class Recipient(NamedTuple):
    """Whom a message is for, as they are at the moment of sending."""

    id: int
    full_name: str
    language: str
    time_zone: str
    phone: str
    email: str
    is_active: bool


@dataclass(frozen=True)
class EventFacts:
    """What a message is about, as it was at the moment of the event. `seq` is null where no lesson changed."""

    id: int
    lesson_id: int
    seq: int | None
    name: str
    source: str
    occasion: str
    reason: str
    created_at: datetime
    snapshot: dict[str, Any]
    teacher_name: str
    request_id: str = ""

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
    attempt: int = 1

    @property
    def has_left(self) -> bool:
        """Whether the event is an update by which the recipient left the lesson."""
        return self.recipient.id in self.event.snapshot.get("left", ())

    @property
    def has_joined(self) -> bool:
        """Whether the event is an update by which the recipient came into the lesson."""
        return self.recipient.id in self.event.snapshot.get("joined", ())

    @property
    def to_teacher(self) -> bool:
        """Whether the recipient teaches the lesson, or did until the event."""
        snapshot = self.event.snapshot
        taught = self.has_left and self.recipient.id == snapshot.get("old_teacher")
        return taught or bool(self.recipient.id == snapshot["teacher"])

    @property
    def old_title(self) -> str:
        """What the lesson was called before the event, where it has another title now; otherwise empty."""
        old = str(self.event.snapshot.get("old_title", ""))
        return "" if old == self.event.title else old


def render_text(message: Message, **other_terms: str) -> str:
    """The plain text, in the recipient's language, with times in their time zone and its name.

    `other_terms` replace those of the message: an e-mail that lists the reason need not repeat it here.
    """
    name, language = message.event.name, message.recipient.language
    with in_terms_of(message.recipient):
        text = render_to_string(f"lessons/messages/{language}/{name}.txt", {**context_of(message), **other_terms})
    return " ".join(text.split())


def context_of(message: Message) -> dict[str, Any]:
    """What the templates may speak of."""
    event = message.event
    return {
        "title": event.title,
        "old_title": message.old_title,
        "reason": event.reason,
        "teacher": event.teacher_name,
        "occasion": event.occasion,
        "to_teacher": message.to_teacher,
        "has_left": message.has_left,
        "has_joined": message.has_joined,
        **{name: event.moment(name) for name in ("start_time", "end_time", "old_start_time", "old_end_time")},
    }


@contextmanager
def in_terms_of(recipient: Recipient) -> Iterator[None]:
    """What is rendered inside is in the recipient's language and time zone."""
    with translation.override(recipient.language), timezone.override(zoneinfo.ZoneInfo(recipient.time_zone)):
        yield


def one_line(text: str) -> str:
    """The text on one line, whatever it holds: it can forge neither a line of a log nor a header of an e-mail."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
