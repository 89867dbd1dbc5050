"""The one receiver of post_transition, and the guard of the students' table."""

from typing import Any

from django.db.models.signals import m2m_changed
from django.dispatch import receiver
from django_fsm.signals import post_transition

from lessons.events import TRANSITION_EVENTS
from lessons.models import Change, Lesson, UnrecordedChange


@receiver(post_transition)  # without a sender: proxies of Lesson, too
def hang_change_on_lesson(
    *,
    instance: Any,
    name: str,
    source: str,
    target: str,
    method_kwargs: dict[str, Any],
    exception: Exception | None = None,
    **_: Any,
) -> None:
    """A transition has happened in memory; `Lesson.save()` makes it true. Knows nothing but the signal's arguments."""
    if not isinstance(instance, Lesson) or exception is not None:
        return
    actor = method_kwargs.get("actor")
    instance.record(
        Change(TRANSITION_EVENTS[name], source, target, actor.pk if actor else None, method_kwargs.get("reason", ""))
    )


@receiver(m2m_changed, sender=Lesson.students.through)
def refuse_direct_change_of_students(*, action: str, **_: Any) -> None:
    if action.startswith("pre_"):
        raise UnrecordedChange("Use lesson.stage_students(ids) and save(), so that bookings and notifications agree.")
