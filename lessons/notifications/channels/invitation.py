"""The lesson for the recipient's calendar: an invitation, its next version, or its end (RFC 5546)."""

from datetime import UTC, datetime
from typing import NamedTuple

from icalendar import Calendar, Event, vCalAddress

from lessons.events import EventName
from lessons.notifications.messages import Message, one_line

INVITING = frozenset({EventName.SCHEDULED, EventName.RESCHEDULED, EventName.UPDATED})


class Invitation(NamedTuple):
    """An iCalendar object and what it asks of a calendar program: REQUEST or CANCEL."""

    method: str
    content: str


def invitation(message: Message, *, organizer: str, organizer_name: str) -> Invitation | None:
    """What goes into the recipient's calendar; None where the event changes nothing there.

    One UID per lesson and a SEQUENCE that grows with it: a program keeps the latest, in whichever order they come.
    `organizer` is the address that sends, whose domain the UID bears.
    """
    method = _method(message)
    if method is None:
        return None
    calendar = Calendar()
    calendar.add("prodid", "-//Lesson Management System//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event, recipient = message.event, message.recipient
    entry = Event()
    entry.add("uid", f"lesson-{event.lesson_id}@{organizer.rpartition('@')[2]}")
    entry.add("sequence", event.seq)
    entry.add("dtstamp", event.created_at.astimezone(UTC))
    entry.add("dtstart", _moment(message, "start_time"))
    entry.add("dtend", _moment(message, "end_time"))
    entry.add("summary", one_line(event.title))
    entry.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    entry.add("organizer", _person(organizer, organizer_name))
    entry.add("attendee", _person(recipient.email, recipient.full_name, role="REQ-PARTICIPANT", rsvp="FALSE"))
    calendar.add_component(entry)
    return Invitation(method, calendar.to_ical().decode())


def _method(message: Message) -> str | None:
    """A draft is in nobody's calendar."""
    event = message.event
    was_draft = event.source == "draft" and event.name != EventName.SCHEDULED
    if was_draft:
        return None
    if message.has_left or event.name == EventName.CANCELLED:
        return "CANCEL"
    return "REQUEST" if event.name in INVITING else None


def _moment(message: Message, name: str) -> datetime:
    return datetime.fromisoformat(message.event.snapshot[name]).astimezone(UTC)


def _person(address: str, name: str, **parameters: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    if name:
        person.params["CN"] = one_line(name)
    person.params.update({key.upper(): value for key, value in parameters.items()})
    return person
