"""Moving a lesson through its life: one function per transition, all of them one way."""

from collections.abc import Callable
from datetime import datetime

from django_fsm import TransitionNotAllowed

from lessons.lifecycle.access import expect_version, locked_lesson
from lessons.lifecycle.announcements import announced
from lessons.lifecycle.rules import validate_times
from lessons.models import Lesson, User
from lessons.models.lesson import NOT_FROM_HERE, ConditionUnmet
from lessons.policies import Right


class TransitionRefused(Exception):
    """The transition is not possible from the lesson's status. Carries the lesson as it is."""

    def __init__(self, lesson: Lesson, name: str) -> None:
        super().__init__(f"{name} from {lesson.status}")
        self.lesson, self.name = lesson, name


def schedule_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """draft → scheduled: books everybody."""
    return _transition("schedule", lesson_id, actor, reason, expected_version, now)


def reschedule_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    start_time: datetime,
    end_time: datetime,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """scheduled → scheduled at another time."""
    return _transition(
        "reschedule", lesson_id, actor, reason, expected_version, now, start_time=start_time, end_time=end_time
    )


def start_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """scheduled → in_progress."""
    return _transition("start", lesson_id, actor, reason, expected_version, now)


def complete_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """in_progress → completed."""
    return _transition("complete", lesson_id, actor, reason, expected_version, now)


def cancel_lesson(
    *,
    lesson_id: int,
    actor: User | None,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Lesson:
    """draft, scheduled, in_progress → cancelled: frees everybody."""
    return _transition("cancel", lesson_id, actor, reason, expected_version, now)


BY_TRANSITION: dict[str, Callable[..., Lesson]] = {
    "schedule": schedule_lesson,
    "reschedule": reschedule_lesson,
    "start": start_lesson,
    "complete": complete_lesson,
    "cancel": cancel_lesson,
}


def _transition(
    name: str,
    lesson_id: int,
    actor: User | None,
    reason: str,
    expected_version: int | None,
    now: datetime | None,
    **arguments: datetime,
) -> Lesson:
    with announced(name) as attempt, locked_lesson(lesson_id, actor, Right(name)) as lesson:
        lesson.attribute(actor=actor, reason=reason, now=now)
        if arguments:
            validate_times(lesson, **arguments)
        expect_version(lesson, expected_version)
        try:
            getattr(lesson, name)(actor=actor, reason=reason, **arguments)
        except TransitionNotAllowed as error:
            raise _refusal(lesson, name) from error
        lesson.save()
        attempt.lesson = lesson
    return lesson


def _refusal(lesson: Lesson, name: str) -> Exception:
    """Why a transition was not allowed: the status, or the first condition that is not met."""
    obstacle = lesson.obstacle_to(name)
    if obstacle is None or obstacle.code == NOT_FROM_HERE:
        return TransitionRefused(lesson, name)
    return ConditionUnmet(*obstacle)
