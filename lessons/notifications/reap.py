"""The rescue of what was lost: leases that ran out, and runs whose end nobody told."""

import logging

from django.conf import settings
from django.db import transaction

from lessons.counters import count
from lessons.notifications.close import close_run
from lessons.notifications.settle import settle
from lessons.sql import execute, fetch

logger = logging.getLogger(__name__)

LEASES_AT_ONCE = 1000

# SKIP LOCKED: who is recording a delivery right now needs no rescue.
# A lease that was never taken is a launch that got lost: no try was made, and none is counted.
TAKE_BACK = """
WITH expired AS (
    SELECT id FROM lessons_delivery
     WHERE state = 'leased' AND lease_until < now()
     ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), lost AS (
    INSERT INTO lessons_deliveryattempt (delivery_id, number, started_at, ended_at, outcome, error, run_id)
    SELECT d.id, d.attempt_count, d.taken_at, now(), 'lost', 'the worker did not report back', d.run_id
      FROM lessons_delivery d JOIN expired USING (id)
     WHERE d.taken_at IS NOT NULL
)
UPDATE lessons_delivery d
   SET state = CASE WHEN d.taken_at IS NOT NULL AND d.attempt_count >= d.attempt_limit THEN 'dead' ELSE 'pending' END,
       travels_alone = d.travels_alone OR d.taken_at IS NOT NULL,
       last_error = CASE WHEN d.taken_at IS NOT NULL THEN 'the worker did not report back' ELSE d.last_error END,
       next_attempt_at = now(), taken_at = NULL, lease_until = NULL
  FROM expired
 WHERE d.id = expired.id
RETURNING d.id, d.event_id, d.run_id, d.state
"""

MARK_LOST = "UPDATE lessons_chordrun SET state = 'lost' WHERE id = ANY(%(runs)s) AND state = 'running'"

# Younger runs are left to their own body.
FORGOTTEN = """
SELECT r.id FROM lessons_chordrun r
 WHERE r.closed_at IS NULL AND r.started_at < now() - %(grace)s * interval '1 second'
   AND NOT EXISTS (SELECT 1 FROM lessons_delivery d
                    WHERE d.channel = r.channel AND d.run_id = r.id AND d.state = 'leased')
 LIMIT 100
"""


def reap() -> int:
    """Take back expired leases and close forgotten runs; the number of leases taken back."""
    taken_back = _take_back()
    forgotten = fetch(FORGOTTEN, grace=settings.TIMING.launch_lease)
    for (run_id,) in forgotten:
        close_run(run_id=run_id)
    count({"repairs:leases": taken_back, "repairs:runs": len(forgotten)})
    return taken_back


def _take_back() -> int:
    with transaction.atomic():
        rows = fetch(TAKE_BACK, limit=LEASES_AT_ONCE)
        if rows:
            runs = sorted({run for _, _, run, _ in rows if run})
            execute(MARK_LOST, runs=runs)
            settle({dispatch for _, dispatch, _, state in rows if state == "dead"})
            logger.warning("Took back %s leases of runs %s", len(rows), ", ".join(map(str, runs)))
    return len(rows)
