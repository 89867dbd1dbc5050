"""Lessons and people written out by hand.

A serializer builds its fields anew for each answer, some thirty of them for a lesson, which costs as much as the change
that the answer tells of. A test compares what is written here with what the serializers declare.
"""

from datetime import datetime
from typing import Any

from django.utils.timezone import get_current_timezone

from lessons import selectors
from lessons.models import Lesson, User
from lessons.models.lesson import TRANSITIONS


def person_as_json(person: User) -> dict[str, Any]:
    return {"id": person.pk, "username": person.username, "full_name": person.full_name}


def lesson_as_json(lesson: Lesson, reader: User) -> dict[str, Any]:
    """As in a list."""
    return _written(lesson, selectors.available_transitions(lesson, reader))


def lesson_detail_as_json(lesson: Lesson, reader: User) -> dict[str, Any]:
    """As at its own address: also what is not possible now, and why."""
    blocked = selectors.blocked_transitions(lesson, reader)
    available = [name for name in TRANSITIONS if name not in blocked]
    return {**_written(lesson, available), "blocked_transitions": blocked_as_json(blocked)}


def blocked_as_json(blocked: dict[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "code": code, "reason": str(reason)} for name, (code, reason) in blocked.items()]


def _written(lesson: Lesson, available: list[str]) -> dict[str, Any]:
    return {
        "id": lesson.pk,
        "title": lesson.title,
        "description": lesson.description,
        "teacher": person_as_json(lesson.teacher),
        "students": [person_as_json(student) for student in lesson.attendees],
        "start_time": _moment(lesson.start_time),
        "end_time": _moment(lesson.end_time),
        "status": str(lesson.status),
        "version": lesson.version,
        "available_transitions": available,
        "created_at": _moment(lesson.created_at),
        "updated_at": _moment(lesson.updated_at),
    }


def _moment(value: datetime) -> str:
    written = value.astimezone(get_current_timezone()).isoformat()
    return f"{written[:-6]}Z" if written.endswith("+00:00") else written
