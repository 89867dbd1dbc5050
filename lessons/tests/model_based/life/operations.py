"""What people do by the life cycle's functions, as values: they can be foretold, done, and done again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lessons import lifecycle
from lessons.lifecycle import Edit
from lessons.models import Lesson
from lessons.tests.model_based.life.cast import Cast


@dataclass(frozen=True)
class Create:
    by: str | None
    teacher: str | None
    students: frozenset[str]
    start: datetime
    end: datetime

    def do(self, cast: Cast, now: datetime) -> Lesson:
        return lifecycle.create_lesson(
            actor=cast.user(self.by),
            title="Algebra",
            teacher_id=cast.id(self.teacher),
            students=cast.ids(self.students),
            start_time=self.start,
            end_time=self.end,
            reason="new term",
            now=now,
        )


@dataclass(frozen=True)
class Move:
    """A transition; a reschedule has times."""

    lesson_id: int
    name: str
    by: str | None
    expected_version: int | None
    start: datetime
    end: datetime

    def do(self, cast: Cast, now: datetime) -> Lesson:
        times = {"start_time": self.start, "end_time": self.end} if self.name == "reschedule" else {}
        return lifecycle.BY_TRANSITION[self.name](
            lesson_id=self.lesson_id,
            actor=cast.user(self.by),
            reason="as agreed",
            expected_version=self.expected_version,
            now=now,
            **times,
        )


@dataclass(frozen=True)
class Update:
    lesson_id: int
    by: str | None
    expected_version: int | None
    edit: dict[str, Any]

    def do(self, cast: Cast, now: datetime) -> Lesson:
        names = {
            "title": "title",
            "teacher": "teacher_id",
            "students": "students",
            "start": "start_time",
            "end": "end_time",
        }
        return lifecycle.update_lesson(
            lesson_id=self.lesson_id,
            actor=cast.user(self.by),
            edit=Edit(**{names[name]: cast.stored(name, value) for name, value in self.edit.items()}),
            reason="as agreed",
            expected_version=self.expected_version,
            now=now,
        )


Operation = Create | Move | Update
