"""A lesson in each status, and each transition with what it needs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lessons import lifecycle
from lessons.models import Lesson, Status, User
from lessons.tests.people import cancelled, completed, draft, scheduled, started

IN_STATUS: dict[str, Callable[..., Lesson]] = {
    Status.DRAFT: draft,
    Status.SCHEDULED: scheduled,
    Status.IN_PROGRESS: started,
    Status.COMPLETED: completed,
    Status.CANCELLED: cancelled,
}


def change(name: str, lesson: Lesson, actor: User | None, **more: Any) -> Lesson:
    """The transition `name` by its lifecycle function; a reschedule moves the lesson by a day."""
    if name == "reschedule":
        later = {time: getattr(lesson, time) + timedelta(days=1) for time in ("start_time", "end_time")}
        more = {**later, **more}
    return lifecycle.BY_TRANSITION[name](lesson_id=lesson.pk, actor=actor, **more)
