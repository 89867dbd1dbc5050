"""Creating a lesson, and editing it by what its status allows."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from lessons import policies
from lessons.lifecycle.access import (
    NotPermitted,
    check_may_create,
    expect_version,
    locked_lesson,
    relation_to,
    told_as_domain_errors,
)
from lessons.lifecycle.rules import InvalidLesson, validate_people, validate_times
from lessons.models import Lesson, Status, User
from lessons.models.lesson import FINISHED, ConditionUnmet
from lessons.policies import Right


class NotEditable(Exception):
    """The field may not be edited while the lesson has its status."""

    def __init__(self, lesson: Lesson, field: str) -> None:
        super().__init__(f"{field} of a {lesson.status} lesson")
        self.lesson, self.field = lesson, field


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What an update sets; None leaves a field as it is."""

    title: str | None = None
    description: str | None = None
    teacher_id: int | None = None
    students: frozenset[int] | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None

    def given(self) -> dict[str, Any]:
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}


EDITABLE: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({"title", "description", "teacher_id", "students", "start_time", "end_time"}),
    Status.SCHEDULED: frozenset({"title", "description", "teacher_id", "students"}),
    Status.IN_PROGRESS: frozenset({"title", "description"}),
    **dict.fromkeys(FINISHED, frozenset()),
}


def create_lesson(
    *,
    actor: User | None,
    title: str,
    start_time: datetime,
    end_time: datetime,
    teacher_id: int | None = None,
    students: Iterable[int] = (),
    description: str = "",
    reason: str = "",
    now: datetime | None = None,
) -> Lesson:
    """A new draft. Teachers may leave `teacher_id` out: it is themselves."""
    check_may_create(actor=actor)
    if teacher_id is None and actor is not None and actor.role in policies.TEACHING_ROLES:
        teacher_id = actor.pk
    if not policies.may_create_for(actor, teacher_id):
        raise NotPermitted
    if teacher_id is None:
        raise InvalidLesson("teacher", "required", _("Name the teacher who gives this lesson."))
    lesson = Lesson(
        title=title, description=description, teacher_id=teacher_id, start_time=start_time, end_time=end_time
    )
    lesson.attribute(actor=actor, reason=reason, now=now).stage_students(students)
    validate_people(lesson, joining=lesson.student_ids, new_teacher=True)
    validate_times(lesson, start_time, end_time)
    with told_as_domain_errors():
        lesson.save()
    return lesson


def update_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    edit: Edit,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """Set the fields of `edit`. What is equal already does not count: nothing changed, nothing written."""
    with locked_lesson(lesson_id, actor, Right.UPDATE) as lesson:
        lesson.attribute(actor=actor, reason=reason, now=now)
        changed = {name: value for name, value in edit.given().items() if value != _current(lesson, name)}
        if "teacher_id" in changed and not policies.has_right(actor, Right.SET_TEACHER, relation_to(lesson, actor)):
            raise NotPermitted
        status, students_before = lesson.status, lesson.student_ids
        _apply(lesson, changed)
        validate_people(lesson, joining=lesson.student_ids - students_before, new_teacher="teacher_id" in changed)
        if changed.keys() & {"start_time", "end_time"}:
            validate_times(lesson, lesson.start_time, lesson.end_time)
        expect_version(lesson, expected_version)
        for name in changed:
            if name not in EDITABLE[status]:
                raise NotEditable(lesson, name)
        if status == Status.SCHEDULED and not lesson.student_ids:
            raise ConditionUnmet("no_students", _("A scheduled lesson keeps at least one student; cancel it instead."))
        lesson.save()
    return lesson


def _current(lesson: Lesson, name: str) -> Any:
    return lesson.student_ids if name == "students" else getattr(lesson, name)


def _apply(lesson: Lesson, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        if name == "students":
            lesson.stage_students(value)
        else:
            setattr(lesson, name, value)
