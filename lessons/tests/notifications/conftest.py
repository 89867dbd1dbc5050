"""A lesson to tell of, and two channels: a quick one and a slow one are all that most of these tests need."""

import pytest
from pytest_django import Settings

from lessons.models import Lesson, User
from lessons.tests.notifications.deliveries import sent_already
from lessons.tests.people import draft


@pytest.fixture(autouse=True)
def _two_channels(settings: Settings) -> None:
    settings.NOTIFICATION_CHANNELS = ["log", "sms"]


@pytest.fixture
def known_lesson(alice: User, bob: User) -> Lesson:
    """A lesson of which everybody has heard."""
    lesson = draft(alice, bob)
    sent_already(lesson.events.get())
    return lesson
