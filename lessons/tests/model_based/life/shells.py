"""Somebody in a plain shell: an instance that was read once, changed in memory, and is saved now, later or never.

Beside the instance stands what it should hold, so that each of its saves can be foretold.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from lessons.models import Lesson
from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.foretold import MOVES, STORED_AS, unmet_condition
from lessons.tests.model_based.life.school import FIELDS, TIMES, Facts, Refusal, School, Step

BY, WHY = "maria", "by hand"
READ_STATUS = ("status", "history")


@dataclass(eq=False)
class Shell:
    """`read` is the lesson as it was read (None: never saved), `held` as it is in memory, by `steps` not saved yet."""

    instance: Lesson
    lesson_id: int | None
    read: Facts | None
    held: Facts
    steps: tuple[Step, ...] = ()

    def __repr__(self) -> str:
        return f"<of lesson {self.lesson_id}: {self.read} is now {self.held}>"

    @classmethod
    def reads(cls, school: School, lesson_id: int, *, prefetched: bool) -> "Shell":
        lessons = Lesson.objects.prefetch_related("students") if prefetched else Lesson.objects
        instance = lessons.get(pk=lesson_id)
        assert instance.student_ids is not None  # asked for now, so that all of it is from one moment
        facts = school.lessons[lesson_id]
        return cls(instance, lesson_id, facts, facts)

    @classmethod
    def invents(cls, cast: Cast, facts: Facts) -> "Shell":
        instance = Lesson(
            title=facts.title, teacher_id=cast.id(facts.teacher), start_time=facts.start, end_time=facts.end
        )
        instance.stage_students(cast.ids(facts.students))
        return cls(instance, None, None, replace(facts, status="draft"))

    def reads_again(self, school: School) -> None:
        assert self.lesson_id is not None
        self.instance.refresh_from_db()
        assert self.instance.student_ids is not None
        self.read = self.held = school.lessons[self.lesson_id]
        self.steps = ()

    def edits(self, cast: Cast, changed: dict[str, Any]) -> None:
        self.held = replace(self.held, **changed)
        for name, value in changed.items():
            if name == "students":
                self.instance.stage_students(cast.ids(value))
            else:
                setattr(self.instance, STORED_AS.get(name, name), cast.stored(name, value))

    # --- Transitions in memory ---------------------------------------------------------------------

    def foretells_move(self, name: str, after: Facts, school: School) -> Refusal | None:
        if self.held.status not in MOVES[name][0]:
            return Refusal("TransitionNotAllowed")
        unmet = unmet_condition(name, self.held, after, school.now)
        if unmet is None:
            return None
        return Refusal("ConditionUnmet", unmet) if name == "reschedule" else Refusal("TransitionNotAllowed")

    def moves(self, cast: Cast, name: str, after: Facts) -> None:
        times = {"start_time": after.start, "end_time": after.end} if name == "reschedule" else {}
        getattr(self.instance, name)(actor=cast.user(BY), reason=WHY, **times)
        _, target, event = MOVES[name]
        self.steps = (*self.steps, Step(event, self.held.status, target, BY, WHY))
        self.held = replace(self.held, status=target, start=after.start, end=after.end)

    # --- Saving ------------------------------------------------------------------------------------

    def foretells_save(self, school: School, fields: Collection[str] | None) -> Facts | Refusal | None:
        """The lesson as it will be, why not, or None where there is nothing to save."""
        written = self._written(fields)
        changed = {name for name in written if self.read is None or self._differs(name)}
        steps = self._steps_to_save(bool(changed))
        if not steps:
            return None
        moved = any(step.name == "rescheduled" for step in steps)
        if self.read and self.read.status != "draft" and not moved and changed & set(TIMES):
            return Refusal("UnrecordedChange")
        row = school.lessons[self.lesson_id] if self.lesson_id else None
        if row and self.read and (row.version, row.status) != (self.read.version, self.read.status):
            return Refusal("StaleLesson")
        kept = {name: getattr(row, name) for name in FIELDS if name not in written}
        after = replace(self.held, **kept)
        if after.end <= after.start:
            return Refusal("IntegrityError")  # nobody validates a plain shell, but the database does
        return school.write(row, after, steps)

    def saves(self, fields: Collection[str] | None) -> Lesson:
        self.instance.save(update_fields=None if fields is None else [STORED_AS.get(name, name) for name in fields])
        return self.instance

    def has_saved(self, facts: Facts, fields: Collection[str] | None) -> None:
        """What was not written is still held, and still differs."""
        held = {name: getattr(self.held, name) for name in FIELDS if name not in self._written(fields)}
        self.lesson_id, self.steps = self.instance.pk, ()
        self.read, self.held = facts, replace(facts, **held)

    def _steps_to_save(self, changed: bool) -> tuple[Step, ...]:
        if self.read is None:
            return (Step("created", "", "draft", BY, WHY), *self.steps)
        if not self.steps and (changed or self._differs("students")):
            return (Step("updated", self.read.status, self.read.status, BY, WHY),)
        return self.steps

    def _written(self, fields: Collection[str] | None) -> set[str]:
        moved = any(step.name == "rescheduled" for step in self.steps)
        return set(FIELDS) if fields is None else {*fields, *(TIMES if moved else ())} & set(FIELDS)

    def _differs(self, name: str) -> bool:
        return bool(getattr(self.held, name) != getattr(self.read, name))
