"""Moments in a lesson's life that are told of though nothing changes: before it starts, and when it is overdue.

A scan looks for lessons whose moment has come, and writes one event for each. Any number of scans may run at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from lessons.events import EventName
from lessons.models import Lesson, Status
from lessons.models.outbox import write_occasion
from lessons.sql import fetch
from lessons.wake import wake_soon

LESSONS_AT_ONCE = 500
REMINDER_PATIENCE = timedelta(minutes=15)  # a reminder that comes later than this does not come at all
OVERDUE_PATIENCE = timedelta(days=1)  # what was forgotten for longer than this is not news any more

# Whoever heard of the lesson's time only after the moment needs no reminder of it: they have just been told.
# OFFSET 0: asked lesson by lesson. Joined, all reminders ever written would be read while the planner's figures are
# old (200 ms instead of 0.1 with 200,000 of them).
DUE = """
SELECT l.id, l.start_time FROM lessons_lesson l
 WHERE l.status = '{status}'
   AND l.{column} > coalesce(%(now)s, now()) - %(offset)s - %(patience)s
   AND l.{column} <= coalesce(%(now)s, now()) - %(offset)s
   AND NOT EXISTS (SELECT 1 FROM lessons_lessonevent e
                    WHERE e.lesson_id = l.id AND e.seq IS NULL AND e.name = %(event)s
                      AND e.occasion = %(occasion)s AND e.start_time = l.start_time OFFSET 0)
   AND NOT EXISTS (SELECT 1 FROM lessons_lessonevent e
                    WHERE e.lesson_id = l.id AND e.name IN ('scheduled', 'rescheduled')
                      AND e.created_at > l.{column} + %(offset)s OFFSET 0)
 ORDER BY l.{column}
 LIMIT %(limit)s
"""


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Comes `offset` after the time in `column`, for lessons that still have this `status` then; not when it was missed
    by more than `patience`."""

    name: str
    event: EventName
    status: Status
    column: str
    offset: timedelta
    patience: timedelta


def occasions() -> list[Occasion]:
    """All that the settings ask for."""
    return [
        *map(_reminder, settings.REMINDER_OFFSETS),
        _overdue("start", Status.SCHEDULED, "start_time"),
        _overdue("end", Status.IN_PROGRESS, "end_time"),
    ]


def _reminder(before: timedelta) -> Occasion:
    hours, rest = divmod(before, timedelta(hours=1))
    return Occasion(
        name=f"-{before // timedelta(minutes=1)}m" if rest else f"-{hours}h",
        event=EventName.REMINDER,
        status=Status.SCHEDULED,
        column="start_time",
        offset=-before,
        patience=REMINDER_PATIENCE,
    )


def _overdue(name: str, status: Status, column: str) -> Occasion:
    grace = timedelta(minutes=settings.OVERDUE_AFTER_MINUTES)
    return Occasion(
        name=name, event=EventName.OVERDUE, status=status, column=column, offset=grace, patience=OVERDUE_PATIENCE
    )


def remind(*, now: datetime | None = None) -> int:
    """Write what is due; the number of events. `now` stands in for the database's clock."""
    return sum(written for occasion in occasions() for written in _batches(occasion, now))


def _batches(occasion: Occasion, now: datetime | None) -> Iterator[int]:
    """How many events each batch wrote. Goes on while whole batches are written; what others hold comes next time."""
    written = LESSONS_AT_ONCE
    while written == LESSONS_AT_ONCE:
        written = sum(_write(occasion, *found) for found in _due(occasion, now))
        yield written


def _due(occasion: Occasion, now: datetime | None) -> list[tuple[int, datetime]]:
    return fetch(
        DUE.format(status=occasion.status, column=occasion.column),
        now=now,
        offset=occasion.offset,
        patience=occasion.patience,
        event=occasion.event,
        occasion=occasion.name,
        limit=LESSONS_AT_ONCE,
    )


def _write(occasion: Occasion, lesson_id: int, start_time: datetime) -> bool:
    """One lesson, one transaction. Whoever is changing it right now decides what there still is to be told."""
    with transaction.atomic():
        lesson = (
            Lesson.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
            .filter(pk=lesson_id, status=occasion.status, start_time=start_time)
            .first()
        )
        if lesson is None or not write_occasion(lesson, occasion.event, occasion.name):
            return False
        transaction.on_commit(wake_soon, robust=True)
    return True
