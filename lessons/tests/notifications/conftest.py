"""A lesson to tell of."""

import pytest

from lessons.models import Lesson, User
from lessons.tests.notifications.deliveries import sent_already
from lessons.tests.people import draft


@pytest.fixture
def known_lesson(alice: User, bob: User) -> Lesson:
    """A lesson of which everybody has heard."""
    lesson = draft(alice, bob)
    sent_already(lesson.events.get())
    return lesson
