"""The admin has a word for everything that it shows by name."""

from lessons.admin import words
from lessons.events import EventName


def test_every_event_has_a_word() -> None:
    assert set(words.EVENTS) == set(EventName)
