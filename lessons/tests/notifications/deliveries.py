"""Deliveries at every point of their way, and events that no lesson's life could bring about in this order."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from lessons.events import EventName
from lessons.models import Delivery, Dispatch, Lesson, LessonEvent, User
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import Claim, claim
from lessons.notifications.expand import expand
from lessons.notifications.record import Result, record
from lessons.notifications.take import Taken, take
from lessons.sql import execute

HOUR = timedelta(hours=1)

MADE_JUST_NOW_IS_DUE = """
UPDATE lessons_delivery SET next_attempt_at = now() WHERE next_attempt_at BETWEEN now() AND statement_timestamp()
"""


def happened(lesson: Lesson, name: EventName, *people: User, people_changed: bool = False) -> LessonEvent:
    """One more event of the lesson, that tells `people`; written as the outbox would."""
    event = LessonEvent.objects.create(
        lesson=lesson,
        seq=lesson.events.count() + 1,
        name=name,
        recipients=sorted(person.pk for person in people),
        start_time=lesson.start_time,
        snapshot={
            "title": lesson.title,
            "teacher": lesson.teacher_id,
            "start_time": lesson.start_time.isoformat(),
            "end_time": lesson.end_time.isoformat(),
            "people_changed": people_changed,
        },
    )
    Dispatch.objects.create(event=event, lesson=lesson)
    return event


def expand_all() -> None:
    """Expand every dispatch. A test is one transaction, whose now() has not reached what was made in it: it is due."""
    while expand().dispatches:
        pass
    execute(MADE_JUST_NOW_IS_DUE)


def delivery(event: LessonEvent, person: User, channel: str = "sms") -> Delivery:
    """The one delivery of the event to that person over that channel, as it is now."""
    return Delivery.objects.get(dispatch_id=event.pk, recipient=person, channel=channel)


def latest(lesson: Lesson, person: User, channel: str = "sms") -> Delivery:
    """The delivery of the lesson's latest event; expands it first."""
    expand_all()
    return delivery(lesson.events.latest("id"), person, channel)


def put(row: Any, **values: Any) -> Any:
    """Change a row as time, or somebody else, would have."""
    type(row)._base_manager.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def sent_already(event: LessonEvent) -> None:
    """The event's deliveries exist and are sent."""
    expand_all()
    Delivery.objects.filter(dispatch_id=event.pk).update(state="sent")


def waits_for_a_retry(row: Delivery) -> Delivery:
    """It has failed once and is to be tried again in an hour."""
    return put(row, attempt_count=1, next_attempt_at=timezone.now() + HOUR)


def claimed(channel: str = "sms") -> Claim:
    """What is due on the channel, leased to a run."""
    expand_all()
    result = claim(REGISTRY[channel])
    assert result, f"nothing was to be claimed on {channel}"
    return result


def taken(channel: str = "sms") -> tuple[Claim, list[Taken]]:
    """What is due on the channel, leased to a run and taken by its workers."""
    result = claimed(channel)
    return result, [message for batch in result.batches for message in take(result.run.pk, batch)]


def sent_run(channel: str = "sms", *, outcome: str = "sent") -> Claim:
    """A run whose deliveries all went this way."""
    claim, messages = taken(channel)
    results = [
        Result(m.message.delivery_id, m.attempt, "sent" if outcome == "sent" else "dead", outcome, started=0, ended=0.1)
        for m in messages
    ]
    record(run_id=claim.run.pk, task_id=None, channel=channel, results=results)
    return claim


def lease_expired(row: Delivery) -> Delivery:
    return put(row, lease_until=timezone.now() - HOUR)


def look_again(channel: str = "sms") -> None:
    """The next look at what is due; there may be nothing to launch."""
    claim(REGISTRY[channel])
