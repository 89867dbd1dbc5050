"""Removing what has served its time, a little at a time, while everything else goes on.

Events and dispatches stay for ever, a dispatch with its counts. Deliveries go, with their attempts and redeliveries;
those that stay keep the ids of runs that are gone: logs and Flower know these by them.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from lessons.models.idempotency import KEPT_FOR
from lessons.sql import execute, fetch

DISPATCHES_AT_ONCE = 200
DELIVERIES_AT_ONCE = 5000  # a dispatch with more of them goes alone
ROWS_AT_ONCE = 1000

# Who is told of a cancellation depends on what was sent before: so only of finished lessons, once all is settled.
# OFFSET 0: asked lesson by lesson. Joined, every dispatch there ever was would be read for what is not settled.
OUTDATED = """
SELECT d.event_id, d.created_at, d.total FROM lessons_dispatch d
  JOIN lessons_lesson l ON l.id = d.lesson_id AND l.status IN ('completed', 'cancelled')
 WHERE d.pruned_at IS NULL AND (d.created_at, d.event_id) > (%(after)s, %(after_event)s)
   AND d.created_at < now() - least(%(days)s, %(dead_days)s) * interval '1 day'
   AND d.settled_at < now() - CASE d.dead WHEN 0 THEN %(days)s ELSE %(dead_days)s END * interval '1 day'
   AND NOT EXISTS (SELECT 1 FROM lessons_dispatch o WHERE o.lesson_id = d.lesson_id AND o.settled_at IS NULL OFFSET 0)
 ORDER BY d.created_at, d.event_id
 LIMIT %(limit)s
   FOR NO KEY UPDATE OF d SKIP LOCKED
"""

DELETE = """
WITH gone AS (
    DELETE FROM lessons_delivery WHERE event_id = ANY(%(dispatches)s) RETURNING id
), attempts AS (
    DELETE FROM lessons_deliveryattempt a USING gone WHERE a.delivery_id = gone.id
), redeliveries AS (
    DELETE FROM lessons_redelivery r USING gone WHERE r.delivery_id = gone.id
), marked AS (
    UPDATE lessons_dispatch SET pruned_at = now() WHERE event_id = ANY(%(dispatches)s)
)
SELECT count(*) FROM gone
"""

DELETE_RUNS = """
DELETE FROM lessons_chordrun WHERE id IN (
       SELECT id FROM lessons_chordrun
        WHERE started_at < now() - %(days)s * interval '1 day' AND closed_at < now() - %(days)s * interval '1 day'
        ORDER BY started_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""

DELETE_MINUTES = """
DELETE FROM lessons_deliveryminute WHERE id IN (
       SELECT id FROM lessons_deliveryminute WHERE minute < now() - %(days)s * interval '1 day'
        ORDER BY minute LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""

DELETE_ANSWERS = """
DELETE FROM lessons_idempotencyrecord WHERE id IN (
       SELECT id FROM lessons_idempotencyrecord WHERE created_at < now() - %(kept_for)s
        ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""

# Of tokens that have expired nobody has to know whether they were used before.
DELETE_TOKENS = """
WITH expired AS (
    SELECT id FROM token_blacklist_outstandingtoken WHERE expires_at < now() LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), used AS (
    DELETE FROM token_blacklist_blacklistedtoken WHERE token_id IN (SELECT id FROM expired)
)
DELETE FROM token_blacklist_outstandingtoken WHERE id IN (SELECT id FROM expired)
"""


class Outdated(NamedTuple):
    """A settled dispatch whose deliveries nobody needs any more."""

    event_id: int
    created_at: datetime | str
    total: int


THE_BEGINNING = Outdated(0, "-infinity", 0)


def prune_answers() -> Iterator[int]:
    """Stored answers that are not replayed any more. Batch by batch, how many were removed, like its neighbours."""
    while removed := execute(DELETE_ANSWERS, kept_for=KEPT_FOR, limit=ROWS_AT_ONCE):
        yield removed


def prune_tokens() -> Iterator[int]:
    """Refresh tokens that have expired."""
    while removed := execute(DELETE_TOKENS, limit=ROWS_AT_ONCE):
        yield removed


def prune_runs() -> Iterator[int]:
    """Chord runs that were closed long ago."""
    while removed := execute(DELETE_RUNS, days=settings.RETENTION_RUN_DAYS, limit=ROWS_AT_ONCE):
        yield removed


def prune_minutes() -> Iterator[int]:
    """What the monitor's charts would have shown of days long ago."""
    while removed := execute(DELETE_MINUTES, days=settings.RETENTION_RUN_DAYS, limit=ROWS_AT_ONCE):
        yield removed


def prune_deliveries() -> Iterator[int]:
    """Deliveries of dispatches that were settled long ago; longer still where one of them is dead."""
    last = THE_BEGINNING
    while True:
        with transaction.atomic():
            batch = _lock_outdated(last)
            if not batch:
                return
            ((removed,),) = fetch(DELETE, dispatches=[dispatch.event_id for dispatch in batch])
        yield removed
        last = batch[-1]  # what was passed over up to here has to stay, or somebody holds it


def _lock_outdated(last: Outdated) -> list[Outdated]:
    rows = fetch(
        OUTDATED,
        after=last.created_at,
        after_event=last.event_id,
        days=settings.RETENTION_DAYS,
        dead_days=settings.RETENTION_DEAD_DAYS,
        limit=DISPATCHES_AT_ONCE,
    )
    batch: list[Outdated] = []
    for dispatch in map(Outdated._make, rows):
        if batch and sum(taken.total for taken in batch) + dispatch.total > DELIVERIES_AT_ONCE:
            break
        batch.append(dispatch)
    return batch


KINDS: dict[str, Callable[[], Iterator[int]]] = {
    "stored answers": prune_answers,
    "expired tokens": prune_tokens,
    "chord runs": prune_runs,
    "minutes": prune_minutes,
    "deliveries": prune_deliveries,
}


def prune() -> int:
    """Remove what may go, for half of the time that a task has; the number of rows. The next call does the rest."""
    deadline = time.monotonic() + settings.TIMING.soft_limit / 2
    removed = 0
    for batches in KINDS.values():
        for number in batches():
            removed += number
            if time.monotonic() > deadline:
                return removed
    return removed
