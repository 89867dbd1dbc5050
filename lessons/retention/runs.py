"""Chord runs that were closed long ago, and the minutes of which the monitor's charts would have been made.

Deliveries that stay keep the ids of runs that are gone: logs and Flower know these by them.
"""

from collections.abc import Iterator

from django.conf import settings

from lessons.retention.batches import in_batches

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


def remove_runs() -> Iterator[int]:
    """Batch by batch, how many were removed."""
    return in_batches(DELETE_RUNS, days=settings.RETENTION_RUN_DAYS)


def remove_minutes() -> Iterator[int]:
    """Batch by batch, how many were removed."""
    return in_batches(DELETE_MINUTES, days=settings.RETENTION_RUN_DAYS)
