"""What is left when deliveries have ended: dead letters, and what has been settled for long."""

from datetime import timedelta
from itertools import cycle

from django.db.models import F
from django.utils import timezone

from lessons.models import (
    AttemptOutcome,
    Delivery,
    DeliveryAttempt,
    Dispatch,
    DispatchState,
    Lesson,
    LessonEvent,
    User,
)
from lessons.notifications.settle import settle
from lessons.tests.notifications.deliveries import expand_all, put
from lessons.tests.people import draft, tomorrow

NOW = timedelta(0)


def died(row: Delivery, ago: timedelta = NOW, *, attempts: int = 8, last: str = AttemptOutcome.TRANSIENT) -> Delivery:
    """It was given up so long ago, after so many attempts, of which the last one ended as told."""
    moment = timezone.now() - ago
    for number in range(row.attempts.count() + 1, attempts + 1):
        outcome = last if number == attempts else AttemptOutcome.TRANSIENT
        DeliveryAttempt.objects.create(
            delivery=row, number=number, started_at=moment, ended_at=moment, outcome=outcome, error="no answer"
        )
    return put(row, state="dead", attempt_count=attempts, last_error="no answer")


ENDS: dict[str, list[str]] = {
    DispatchState.DELIVERED: ["sent", "skipped"],
    DispatchState.PARTLY_DELIVERED: ["sent", "dead"],
    DispatchState.FAILED: ["dead"],
    DispatchState.SKIPPED: ["skipped"],
}


def in_every_state(teacher: User, student: User) -> dict[str, Dispatch]:
    """A dispatch for each state that one can be in, with deliveries that fit."""
    lessons = {
        state: draft(teacher, student, at=tomorrow(hour))
        for hour, state in enumerate([DispatchState.DELIVERING, *ENDS], start=8)
    }
    expand_all()
    lessons[DispatchState.PENDING] = draft(teacher, student, at=tomorrow(20))
    for state, ends in ENDS.items():
        for row, end in zip(Delivery.objects.filter(lesson=lessons[state]).order_by("pk"), cycle(ends), strict=False):
            put(row, state=end)
    settle(Dispatch.objects.values_list("pk", flat=True))
    return {state: lessons[state].dispatches.get() for state in DispatchState.values}


def all_ended(event: LessonEvent) -> Dispatch:
    """Whatever of the event is not dead was sent or skipped, and its dispatch is settled."""
    expand_all()
    Delivery.objects.filter(dispatch_id=event.pk, state="pending").update(state="sent")
    settle([event.pk])
    return Dispatch.objects.get(pk=event.pk)


def told_days_ago(lesson: Lesson, days: float) -> None:
    """Everybody was told of all that happened to the lesson, and since the last of that so many days have passed."""
    for event in lesson.events.order_by("id"):
        all_ended(event)
    passed = timedelta(days=days)
    Dispatch.objects.filter(lesson=lesson).update(
        **{name: F(name) - passed for name in ("created_at", "expanded_at", "settled_at")}
    )


def is_pruned(lesson: Lesson) -> bool:
    """Whether its deliveries are gone; all its dispatches know it, or none."""
    marked = {dispatch.pruned_at is not None for dispatch in Dispatch.objects.filter(lesson=lesson)}
    assert marked == {not Delivery.objects.filter(lesson=lesson).exists()}
    return marked == {True}
