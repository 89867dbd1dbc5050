"""What a saved change writes beside the lesson: its event and, where somebody has to know, the duty to tell them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lessons.events import RULES, EventName
from lessons.models.dispatch import Dispatch
from lessons.models.event import LessonEvent
from lessons.request_id import request_id

if TYPE_CHECKING:
    from lessons.models.lesson import Lesson
    from lessons.models.recorded import Change


_channels: ContextVar[list[str] | None] = ContextVar("channels", default=None)  # None: all


@contextmanager
def notifying_over(channels: list[str]) -> Iterator[None]:
    """What is saved inside is told over these channels only: the seed keeps to the log, nobody gets an invented SMS."""
    token = _channels.set(channels)
    try:
        yield
    finally:
        _channels.reset(token)


@dataclass(frozen=True)
class SavedChange:
    """A lesson whose row is written, and how it was before. `before` is empty for a new lesson.

    `unwritten` has what a partial save left in the row where the instance has another value.
    """

    lesson: "Lesson"
    before: dict[str, Any]
    unwritten: dict[str, Any]
    students_before: frozenset[int]
    students_after: frozenset[int]

    @property
    def people_before(self) -> frozenset[int]:
        return self.students_before | ({self.before["teacher_id"]} if "teacher_id" in self.before else frozenset())

    @property
    def people_after(self) -> frozenset[int]:
        return self.students_after | {self.became("teacher_id")}

    @property
    def people_changed(self) -> bool:
        return self.people_before != self.people_after

    def was(self, name: str) -> Any:
        """The value of a compared field before the change."""
        return self.before[name] if name in self.before else getattr(self.lesson, name)

    def became(self, name: str) -> Any:
        """The row's value of a compared field after the change."""
        return self.unwritten[name] if name in self.unwritten else getattr(self.lesson, name)


def write_outbox(saved: SavedChange, changes: "Iterable[Change]", *, first_seq: int) -> None:
    """Append one event per change, and a dispatch for each that tells somebody. Inside the change's transaction."""
    events = LessonEvent.objects.bulk_create(
        LessonEvent(
            lesson_id=saved.lesson.pk,
            seq=seq,
            name=change.name,
            source=change.source,
            target=change.target,
            actor_id=change.actor_id,
            reason=change.reason,
            request_id=request_id(),
            recipients=sorted(_recipients(saved, change)),
            start_time=saved.became("start_time"),
            snapshot=_snapshot(saved, change),
        )
        for seq, change in enumerate(changes, start=first_seq)
    )
    Dispatch.objects.bulk_create(
        Dispatch(event=event, lesson_id=event.lesson_id, channels=_channels.get())
        for event in events
        if event.recipients
    )
    saved.lesson.latest_event = events[-1]


def _recipients(saved: SavedChange, change: "Change") -> frozenset[int]:
    """Whom the event tells, by the table of events; an update also tells those who were there before it."""
    rule = RULES[change.name]
    if change.name == EventName.UPDATED and change.source == "draft":
        return saved.students_before - saved.students_after
    people = saved.people_after if rule.tells_students else frozenset({saved.became("teacher_id")})
    return people | saved.people_before if change.name == EventName.UPDATED else people


def _snapshot(saved: SavedChange, change: "Change") -> dict[str, Any]:
    """What the messages about this event say, so that a later change cannot make them lie. Times are ISO 8601."""
    snapshot: dict[str, Any] = {
        "title": saved.became("title"),
        "teacher": saved.became("teacher_id"),
        "start_time": saved.became("start_time").isoformat(),
        "end_time": saved.became("end_time").isoformat(),
    }
    if change.name == EventName.RESCHEDULED:
        snapshot |= {f"old_{name}": saved.was(name).isoformat() for name in saved.lesson.TIMES}
    if change.name == EventName.UPDATED:
        snapshot |= {"people_changed": saved.people_changed, "left": sorted(saved.people_before - saved.people_after)}
    return snapshot
