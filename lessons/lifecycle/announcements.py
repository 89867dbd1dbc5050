"""Who watches the system hears of every transition that somebody tried, and how it went."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.dispatch import Signal

from lessons.models import Lesson

# name: the transition's · lesson: as it was saved, or None · error: what refused it, or None.
# Sent when the transaction of the change has ended.
transition_tried = Signal()


class Attempt:
    """One try of a transition; `lesson` is set when it has succeeded."""

    lesson: Lesson | None = None


@contextmanager
def announced(name: str) -> Iterator[Attempt]:
    attempt = Attempt()
    try:
        yield attempt
    except Exception as error:
        transition_tried.send(sender=None, name=name, lesson=None, error=error)
        raise
    transition_tried.send(sender=None, name=name, lesson=attempt.lesson, error=None)
