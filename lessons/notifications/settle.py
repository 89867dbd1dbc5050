"""A dispatch is settled when none of its deliveries is unfinished."""

from collections.abc import Collection

from lessons.notifications.sql import execute, fetch

LOCK = """
SELECT event_id FROM lessons_dispatch
 WHERE event_id = ANY(%(dispatches)s) AND settled_at IS NULL
 ORDER BY event_id
   FOR NO KEY UPDATE
"""

# A statement of its own: one that had waited for the lock would still see the rows as they were before.
FINISHED = """
SELECT d.event_id FROM lessons_dispatch d
 WHERE d.event_id = ANY(%(dispatches)s) AND d.expanded_at IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM lessons_delivery x
        WHERE x.lesson_id = d.lesson_id AND x.event_id = d.event_id AND x.state IN ('pending', 'leased'))
"""

SETTLE = """
UPDATE lessons_dispatch d
   SET settled_at = now(), total = n.total, sent = n.sent, dead = n.dead, skipped = n.skipped
  FROM (SELECT f.id, count(x.id) AS total, count(*) FILTER (WHERE x.state = 'sent') AS sent,
               count(*) FILTER (WHERE x.state = 'dead') AS dead, count(*) FILTER (WHERE x.state = 'skipped') AS skipped
          FROM unnest(%(finished)s) AS f (id)
          LEFT JOIN lessons_delivery x ON x.event_id = f.id
         GROUP BY f.id) n
 WHERE d.event_id = n.id
"""


def settle(dispatches: Collection[int]) -> None:
    """Settle those of `dispatches` that are finished. Runs inside the transaction that finished deliveries."""
    locked = [row[0] for row in fetch(LOCK, dispatches=sorted(dispatches))]
    finished = [row[0] for row in fetch(FINISHED, dispatches=locked)] if locked else []
    if finished:
        execute(SETTLE, finished=finished)
