"""A change of a lesson, as a value: one step that is not saved yet, and what a save makes of the row."""

from dataclasses import dataclass
from typing import Any

from lessons.events import EventName


@dataclass(frozen=True)
class Change:
    """One step of the life cycle that is not saved yet. Frozen: copies of a lesson never share one that moves."""

    name: EventName
    source: str
    target: str
    actor_id: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class SavedChange:
    """A lesson whose row is written, and how it was before. `before` is empty for a new lesson.

    `unwritten` has what a partial save left in the row where the instance has another value.
    """

    lesson: Any  # a Lesson: this module knows no models
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
