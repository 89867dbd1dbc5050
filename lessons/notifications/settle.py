"""A dispatch is settled when none of its deliveries is unfinished."""

from collections.abc import Collection

from lessons.sql import execute

# Two statements, one round trip: one that had waited for the lock would still see the rows as they were before.
# OFFSET 0: looked for dispatch by dispatch, not among all that is unfinished.
# Materialized: counted is only what is finished, not all that a large dispatch has so far.
SETTLE = """
SELECT event_id FROM lessons_dispatch
 WHERE event_id = ANY(%(dispatches)s) AND settled_at IS NULL
 ORDER BY event_id
   FOR NO KEY UPDATE;

WITH finished AS MATERIALIZED (
    SELECT d.event_id FROM lessons_dispatch d
     WHERE d.event_id = ANY(%(dispatches)s) AND d.settled_at IS NULL AND d.expanded_at IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM lessons_delivery x
            WHERE x.lesson_id = d.lesson_id AND x.event_id = d.event_id
              AND x.state IN ('pending', 'leased') AND x.id > 0 OFFSET 0)
)
UPDATE lessons_dispatch d
   SET settled_at = now(), total = n.total, sent = n.sent, dead = n.dead, skipped = n.skipped
  FROM (SELECT f.event_id, count(x.id) AS total, count(*) FILTER (WHERE x.state = 'sent') AS sent,
               count(*) FILTER (WHERE x.state = 'dead') AS dead, count(*) FILTER (WHERE x.state = 'skipped') AS skipped
          FROM finished f LEFT JOIN lessons_delivery x ON x.event_id = f.event_id
         GROUP BY f.event_id) n
 WHERE d.event_id = n.event_id
"""


def settle(dispatches: Collection[int]) -> None:
    """Settle those of `dispatches` that are finished. Runs inside the transaction that finished deliveries."""
    if dispatches:
        execute(SETTLE, dispatches=sorted(dispatches))
