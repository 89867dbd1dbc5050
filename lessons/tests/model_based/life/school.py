"""The model: what a school's lessons should be, in plain values that know nothing of the database.

Everything is said again here, in the words of the design: who is told what, what books whom, what clashes.
People go by their names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

BOOKS = ("scheduled", "in_progress", "completed")
FIELDS = ("title", "teacher", "start", "end")
TIMES = ("start", "end")


@dataclass(frozen=True)
class Refusal:
    """A domain error by its class, and what it says: a code, a field, or who clashes with which lesson."""

    error: str
    detail: Any = None


@dataclass(frozen=True)
class Step:
    """One step of the life cycle, as somebody made it."""

    name: str
    source: str
    target: str
    by: str | None = None
    why: str = ""


@dataclass(frozen=True)
class Happened:
    """One event of a lesson's history: the step, whom it tells, and what messages about it will say."""

    step: Step
    tells: frozenset[str]
    says: dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """A lesson. Frozen: what is rolled back is forgotten by keeping the one from before."""

    title: str
    teacher: str
    students: frozenset[str]
    start: datetime
    end: datetime
    status: str = ""
    history: tuple[Happened, ...] = ()

    @property
    def version(self) -> int:
        return len(self.history)

    @property
    def people(self) -> frozenset[str]:
        return self.students | {self.teacher}

    @property
    def booked(self) -> frozenset[str]:
        return self.people if self.status in BOOKS else frozenset()


def tells(step: Step, before: Facts | None, after: Facts) -> frozenset[str]:
    """Who is told of a step that made `after` of `before`; of a reminder or an overdue lesson, which change nothing."""
    if step.name == "overdue":
        return frozenset({after.teacher})
    if step.name != "updated":
        return after.people
    assert before is not None
    return before.students - after.students if step.source == "draft" else before.people | after.people


def says(step: Step, before: Facts | None, after: Facts) -> dict[str, Any]:
    said: dict[str, Any] = {"title": after.title, "teacher": after.teacher, "start": after.start, "end": after.end}
    if before and step.name == "rescheduled":
        said |= {"old_start": before.start, "old_end": before.end}
    if before and step.name == "updated":
        said |= {"people_changed": before.people != after.people, "left": before.people - after.people}
    return said


@dataclass
class School:
    """The lessons by their ids, and what time it is."""

    now: datetime = datetime(2030, 1, 7, 8, tzinfo=UTC)
    lessons: dict[int, Facts] = field(default_factory=dict)

    def write(self, before: Facts | None, after: Facts, steps: Iterable[Step]) -> Facts | Refusal:
        """The lesson as it is once `steps`, which lead from `before` to `after`, are written; or who is in the way."""
        steps = tuple(steps)
        history = tuple(Happened(step, tells(step, before, after), says(step, before, after)) for step in steps)
        written = replace(after, status=steps[-1].target, history=(*(before.history if before else ()), *history))
        clashes = self._clashes(before, written)
        return Refusal("SlotConflict", clashes) if clashes else written

    def _clashes(self, before: Facts | None, after: Facts) -> frozenset[tuple[str, int]]:
        """Who is taken by which other lesson. Half-open: one that ends at ten does not clash with one that begins."""
        return frozenset(
            (person, lesson_id)
            for lesson_id, other in self.lessons.items()
            if other is not before and other.start < after.end and after.start < other.end
            for person in other.booked & after.booked
        )
