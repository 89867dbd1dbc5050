"""What an e-mail does to a calendar: one entry per lesson, which follows it."""

from datetime import UTC, datetime

import pytest
from icalendar import Calendar, Component

from lessons.events import EventName
from lessons.notifications.channels.invitation import invitation
from lessons.notifications.messages import Message
from lessons.tests.notifications.messages import JOINED, LEFT, message


def entry(of: Message) -> tuple[str, Component]:
    """The method and the entry, as a calendar program reads them."""
    invited = invitation(of, organizer="lessons@school.example", organizer_name="The school")
    assert invited is not None
    calendar = Calendar.from_ical(invited.content)
    assert calendar["METHOD"] == invited.method
    (event,) = calendar.walk("VEVENT")
    return invited.method, event


@pytest.mark.parametrize(
    ("name", "source", "reader", "method"),
    [
        (EventName.CREATED, "", {}, None),
        (EventName.SCHEDULED, "draft", {}, "REQUEST"),
        (EventName.RESCHEDULED, "scheduled", {}, "REQUEST"),
        (EventName.UPDATED, "scheduled", {}, "REQUEST"),
        (EventName.UPDATED, "scheduled", {"id": JOINED}, "REQUEST"),
        (EventName.UPDATED, "scheduled", {"id": LEFT}, "CANCEL"),
        (EventName.UPDATED, "draft", {"id": LEFT}, None),
        (EventName.CANCELLED, "scheduled", {}, "CANCEL"),
        (EventName.CANCELLED, "in_progress", {}, "CANCEL"),
        (EventName.CANCELLED, "draft", {}, None),
        (EventName.STARTED, "scheduled", {}, None),
        (EventName.COMPLETED, "in_progress", {}, None),
        (EventName.REMINDER, "scheduled", {}, None),
        (EventName.OVERDUE, "scheduled", {}, None),
    ],
)
def test_what_was_planned_goes_into_calendars_and_what_is_off_out_of_them(
    name: str, source: str, reader: dict[str, int], method: str | None
) -> None:
    invited = invitation(message(name, source=source, **reader), organizer="a@b.example", organizer_name="")

    assert (invited and invited.method) == method


def test_an_entry_has_the_lesson_its_time_and_one_guest() -> None:
    _, event = entry(message(title="Геометрия; A, B", email="bob@school.example"))

    assert event["SUMMARY"] == "Геометрия; A, B"
    assert event["DTSTART"].dt == datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert event["STATUS"] == "CONFIRMED"
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:lessons@school.example", "The school")
    assert (event["ATTENDEE"], event["ATTENDEE"].params["CN"]) == ("mailto:bob@school.example", "Bob")


def test_each_change_is_a_later_version_of_the_same_entry() -> None:
    _, first = entry(message(EventName.SCHEDULED, seq=2, source="draft"))
    _, second = entry(message(EventName.RESCHEDULED, seq=3))
    method, last = entry(message(EventName.CANCELLED, seq=4))

    assert first["UID"] == second["UID"] == last["UID"] == "lesson-1@school.example"
    assert [event["SEQUENCE"] for event in (first, second, last)] == [2, 3, 4]
    assert (method, last["STATUS"]) == ("CANCEL", "CANCELLED")


def test_every_try_brings_the_same_entry() -> None:
    of = message(EventName.RESCHEDULED)

    first, again = (invitation(of, organizer="a@b.example", organizer_name="") for _ in range(2))

    assert first == again


@pytest.mark.parametrize("text", ["A\r\nATTENDEE:mailto:eve@x.example", 'A "B" <C>; D: E, F', "A\x0b\x7fB"])
def test_a_title_or_a_name_cannot_forge_a_property(text: str) -> None:
    _, event = entry(message(title=text, full_name=text))

    assert isinstance(event["ATTENDEE"], str)  # one, not a list
    assert event["ATTENDEE"].endswith("bob@school.example")
    assert event["SUMMARY"].startswith("A")
