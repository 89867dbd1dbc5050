"""What is left when deliveries have ended: dead letters, and what has been settled for long."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from lessons.models import AttemptOutcome, Delivery, DeliveryAttempt, Dispatch, Lesson, LessonEvent
from lessons.notifications.settle import settle
from lessons.tests.notifications.deliveries import expand_all, put


def died(row: Delivery, *, attempts: int = 8, last: str = AttemptOutcome.TRANSIENT, days_ago: float = 0) -> Delivery:
    """It is dead after so many attempts, of which the last one ended as told."""
    moment = timezone.now() - timedelta(days=days_ago)
    for number in range(1, attempts + 1):
        outcome = last if number == attempts else AttemptOutcome.TRANSIENT
        DeliveryAttempt.objects.create(
            delivery=row, number=number, started_at=moment, ended_at=moment, outcome=outcome, error="no answer"
        )
    return put(row, state="dead", attempt_count=attempts, last_error="no answer")


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
