"""Deliveries go when their dispatch was settled long ago, with their attempts and redeliveries.

Events and dispatches stay for ever, a dispatch with its counts.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from lessons.sql import fetch

DISPATCHES_AT_ONCE = 200
DELIVERIES_AT_ONCE = 5000  # a dispatch with more of them goes alone

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


class Outdated(NamedTuple):
    """A settled dispatch whose deliveries nobody needs any more."""

    event_id: int
    created_at: datetime | str
    total: int


THE_BEGINNING = Outdated(0, "-infinity", 0)


def remove_deliveries() -> Iterator[int]:
    """Those of dispatches that were settled long ago; longer still where one of them is dead."""
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
