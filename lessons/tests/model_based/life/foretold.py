"""What should come of an operation, foretold from the model alone: the lesson as it will be, or the exact refusal.

The order of refusals is part of the promise: seen, permitted, valid, of the expected version, possible, free.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from lessons.tests.model_based.life.cast import STAFF, STUDENTS, TEACHERS
from lessons.tests.model_based.life.operations import Create, Move, Operation, Update
from lessons.tests.model_based.life.school import TIMES, Facts, Refusal, School, Step

NEARLY_FIVE_YEARS = timedelta(days=5 * 365)

# name: from where, to where, and what the event is called
MOVES = {
    "schedule": ({"draft"}, "scheduled", "scheduled"),
    "reschedule": ({"scheduled"}, "scheduled", "rescheduled"),
    "start": ({"scheduled"}, "in_progress", "started"),
    "complete": ({"in_progress"}, "completed", "completed"),
    "cancel": ({"draft", "scheduled", "in_progress"}, "cancelled", "cancelled"),
}
EDITABLE = {
    "draft": {"title", "teacher", "students", "start", "end"},
    "scheduled": {"title", "teacher", "students"},
    "in_progress": {"title"},
    "completed": set(),
    "cancelled": set(),
}
STORED_AS = {"teacher": "teacher_id", "start": "start_time", "end": "end_time"}


def foretell(school: School, operation: Operation) -> Facts | Refusal:
    """The lesson's new facts; the very same ones where nothing changes and nothing is written."""
    if isinstance(operation, Create):
        return _foretell_creation(school, operation)
    facts = school.lessons[operation.lesson_id]
    if refusal := _access(operation.by, facts):
        return refusal
    if isinstance(operation, Move):
        return _foretell_move(school, facts, operation)
    return _foretell_update(school, facts, operation)


def _foretell_creation(school: School, create: Create) -> Facts | Refusal:
    if create.by is not None and create.by not in TEACHERS + STAFF:
        return Refusal("NotPermitted")
    teacher = create.teacher or (create.by if create.by in TEACHERS else None)
    if create.by in TEACHERS and teacher != create.by:
        return Refusal("NotPermitted")
    if teacher is None:
        return Refusal("InvalidLesson", "teacher")
    facts = Facts("Algebra", teacher, create.students, create.start, create.end)
    invalid = invalid_people(facts, joining=facts.students, new_teacher=True) or _invalid_times(school, facts)
    return invalid or school.write(None, facts, [Step("created", "", "draft", create.by, "new term")])


def _foretell_move(school: School, facts: Facts, move: Move) -> Facts | Refusal:
    after = replace(facts, start=move.start, end=move.end) if move.name == "reschedule" else facts
    if move.name == "reschedule" and (invalid := _invalid_times(school, after)):
        return invalid
    if refusal := _version(facts, move.expected_version):
        return refusal
    sources, target, event = MOVES[move.name]
    if facts.status not in sources:
        return Refusal("TransitionRefused", move.name)
    unmet = unmet_condition(move.name, facts, after, school.now)
    step = Step(event, facts.status, target, move.by, "as agreed")
    return Refusal("ConditionUnmet", unmet) if unmet else school.write(facts, after, [step])


def _foretell_update(school: School, facts: Facts, update: Update) -> Facts | Refusal:
    changed = {name: value for name, value in update.edit.items() if value != getattr(facts, name)}
    after = replace(facts, **changed)
    refusal = (
        (Refusal("NotPermitted") if "teacher" in changed and update.by in TEACHERS else None)
        or invalid_people(after, joining=after.students - facts.students, new_teacher="teacher" in changed)
        or (_invalid_times(school, after) if changed.keys() & set(TIMES) else None)
        or _version(facts, update.expected_version)
        or _not_editable(facts, changed)
    )
    if refusal:
        return refusal
    if facts.status == "scheduled" and not after.students:
        return Refusal("ConditionUnmet", "no_students")
    step = Step("updated", facts.status, facts.status, update.by, "as agreed")
    return school.write(facts, after, [step]) if changed else facts


def unmet_condition(name: str, facts: Facts, after: Facts, now: datetime) -> str | None:
    """The code of the first condition of a transition from the right status that is not met."""
    if name == "schedule" and not facts.students:
        return "no_students"
    if name == "reschedule" and (facts.start, facts.end) == (after.start, after.end):
        return "nothing_changes"
    return "starts_in_past" if name in ("schedule", "reschedule") and after.start <= now else None


def invalid_people(facts: Facts, *, joining: frozenset[str], new_teacher: bool) -> Refusal | None:
    if facts.teacher in facts.students:
        return Refusal("InvalidLesson", "students")
    if new_teacher and facts.teacher not in TEACHERS:
        return Refusal("InvalidLesson", "teacher")
    return None if joining <= set(TEACHERS + STUDENTS) else Refusal("InvalidLesson", "students")


def _access(who: str | None, facts: Facts) -> Refusal | None:
    """Staff and the system may everything, a teacher what is their own; who attends may look."""
    if who is None or who in STAFF or who == facts.teacher:
        return None
    return Refusal("NotPermitted" if who in facts.students else "LessonNotFound")


def _version(facts: Facts, expected: int | None) -> Refusal | None:
    return Refusal("VersionMismatch") if expected not in (None, facts.version) else None


def _invalid_times(school: School, facts: Facts) -> Refusal | None:
    if facts.end <= facts.start:
        return Refusal("InvalidLesson", "end_time")
    for name in TIMES:
        if abs(getattr(facts, name) - school.now) > NEARLY_FIVE_YEARS:
            return Refusal("InvalidLesson", STORED_AS[name])
    return None


def _not_editable(facts: Facts, changed: dict[str, Any]) -> Refusal | None:
    """The first field that may not be edited now, in the order of the lesson's fields."""
    order = ("title", "teacher", "students", "start", "end")
    fixed = [name for name in order if name in changed and name not in EDITABLE[facts.status]]
    return Refusal("NotEditable", STORED_AS.get(fixed[0], fixed[0])) if fixed else None
