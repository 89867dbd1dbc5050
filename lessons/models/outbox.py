"""What is written beside a lesson: its events and, where somebody has to know, the duty to tell them."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection

from lessons.events import RULES, EventName
from lessons.models.change import Change, SavedChange
from lessons.models.dispatch import Dispatch
from lessons.models.event import LessonEvent
from lessons.request_id import request_id

_channels: ContextVar[list[str] | None] = ContextVar("channels", default=None)  # None: all


@contextmanager
def notifying_over(channels: list[str]) -> Iterator[None]:
    """What is saved inside is told over these channels only: the seed keeps to the log, nobody gets an invented SMS."""
    token = _channels.set(channels)
    try:
        yield
    finally:
        _channels.reset(token)


# Both in one statement: every transition waits for it.
WRITE = """
WITH written AS (
    INSERT INTO lessons_lessonevent (seq, {columns}, occasion) VALUES {rows} RETURNING id, created_at, recipients
), duties AS (
    INSERT INTO lessons_dispatch (event_id, lesson_id, channels)
    SELECT id, %s, %s FROM written WHERE recipients <> '{{}}'
)
SELECT id, created_at FROM written ORDER BY id
"""


def write_outbox(saved: SavedChange, changes: Iterable[Change], *, first_seq: int) -> None:
    """Append one event per change, and a dispatch for each that tells somebody. Inside the change's transaction."""
    events = [{"seq": seq, **_facts(saved, change)} for seq, change in enumerate(changes, start=first_seq)]
    rows = [(*(event | {"snapshot": json.dumps(event["snapshot"])}).values(), "") for event in events]
    statement = WRITE.format(columns=", ".join(list(events[0])[1:]), rows=", ".join(["%s"] * len(rows)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*rows, saved.lesson.pk, _channels.get()])
        *_, (id_, created_at) = cursor.fetchall()
    latest = LessonEvent(pk=id_, created_at=created_at, **events[-1])
    latest._state.adding = False
    if latest.recipients:
        _dispatch(latest)._state.adding = False  # the event knows it by that, as it was written
    saved.lesson.latest_event = latest


def write_occasion(lesson: Any, name: EventName, occasion: str) -> bool:
    """Append an event that changes no lesson, and its dispatch; False where it was written before.

    The caller has locked the lesson's row: the ids of a lesson's events are in the order in which they happened.
    """
    people = lesson.student_ids
    saved = SavedChange(lesson, before={}, unwritten={}, students_before=people, students_after=people)
    facts = _facts(saved, Change(name, lesson.status, lesson.status))
    once = {field: facts.pop(field) for field in ("lesson_id", "name", "start_time")}
    event, is_new = LessonEvent.objects.get_or_create(seq=None, occasion=occasion, **once, defaults=facts)
    if is_new:
        _dispatch(event).save(force_insert=True)
    return is_new


def _facts(saved: SavedChange, change: Change) -> dict[str, Any]:
    """What an event says, but for its number."""
    return {
        "lesson_id": saved.lesson.pk,
        "name": change.name,
        "source": change.source,
        "target": change.target,
        "actor_id": change.actor_id,
        "reason": change.reason,
        "request_id": request_id(),
        "recipients": sorted(_recipients(saved, change)),
        "start_time": saved.became("start_time"),
        "snapshot": _snapshot(saved, change),
    }


def _dispatch(event: LessonEvent) -> Dispatch:
    return Dispatch(event=event, lesson_id=event.lesson_id, channels=_channels.get())


def _recipients(saved: SavedChange, change: Change) -> frozenset[int]:
    """Whom the event tells, by the table of events; an update also tells those who were there before it."""
    rule = RULES[change.name]
    if change.name == EventName.UPDATED and change.source == "draft":
        return saved.students_before - saved.students_after
    people = saved.people_after if rule.tells_students else frozenset({saved.became("teacher_id")})
    return people | saved.people_before if change.name == EventName.UPDATED else people


def _snapshot(saved: SavedChange, change: Change) -> dict[str, Any]:
    """What the messages about this event say, so that a later change cannot make them lie. Times are ISO 8601."""
    snapshot: dict[str, Any] = {
        "title": saved.became("title"),
        "teacher": saved.became("teacher_id"),
        "start_time": saved.became("start_time").isoformat(),
        "end_time": saved.became("end_time").isoformat(),
    }
    if change.name == EventName.RESCHEDULED:
        snapshot |= {f"old_{name}": saved.was(name).isoformat() for name in saved.lesson.TIMES}
    if change.name == EventName.UPDATED:
        snapshot |= {
            "people_changed": saved.people_changed,
            "left": sorted(saved.people_before - saved.people_after),
            "joined": sorted(saved.people_after - saved.people_before),
            "old_teacher": saved.was("teacher_id"),
            "old_title": saved.was("title"),
        }
    return snapshot
