"""The timeline of a lesson: what happened, who did it and why, and how far people have been told."""

from dataclasses import dataclass

from lessons import selectors
from lessons.admin import markup, words
from lessons.models import Dispatch, Lesson, LessonEvent
from lessons.progress import Progress, states_of


@dataclass(frozen=True)
class Entry:
    """`progress` is None where nobody is told."""

    event: LessonEvent
    progress: Progress | None

    @property
    def label(self) -> str:
        return words.event(self.event.name)

    @property
    def step(self) -> str:
        return "" if self.event.source == self.event.target else markup.step(self.event)

    @property
    def dispatch(self) -> Dispatch | None:
        return getattr(self.event, "dispatch", None)

    @property
    def bar(self) -> str:
        return markup.told_bar(self.progress) if self.progress else ""

    @property
    def words(self) -> str:
        return markup.told_words(self.progress) if self.progress else ""


def timeline(lesson: Lesson) -> list[Entry]:
    """Latest first. Two queries, however long the history."""
    events = list(selectors.lesson_history(lesson))
    progress = states_of([event.dispatch for event in events if hasattr(event, "dispatch")])
    return [Entry(event, progress.get(event.pk)) for event in reversed(events)]
