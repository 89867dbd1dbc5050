"""What went out in each minute: counted once, when a run is closed, so that the charts cost the same at any size."""

import uuid

from lessons.models.minute import WAIT_BOUNDS
from lessons.notifications.sql import execute

# In the order of the minutes: two runs that close at once wait for each other, and never in a circle.
TALLY = """
WITH tried AS (
    SELECT date_trunc('minute', a.ended_at) AS minute, a.outcome,
           CASE WHEN a.outcome = 'sent' AND d.in_order
                THEN width_bucket(extract(epoch FROM a.ended_at - p.created_at)::float8, %(bounds)s::float8[])
                END AS wait
      FROM lessons_deliveryattempt a
      JOIN lessons_delivery d ON d.id = a.delivery_id
      JOIN lessons_dispatch p ON p.event_id = d.event_id
     WHERE a.run_id = %(run)s AND a.ended_at IS NOT NULL
), counted AS (
    SELECT minute, count(*) FILTER (WHERE outcome = 'sent') AS sent,
           count(*) FILTER (WHERE outcome IN ('transient', 'permanent')) AS failed,
           count(*) FILTER (WHERE outcome = 'lost') AS lost
      FROM tried GROUP BY minute
), waits AS (
    SELECT c.minute, array_agg(coalesce(w.number, 0) ORDER BY g.wait) AS waits
      FROM counted c CROSS JOIN generate_series(0, cardinality(%(bounds)s::float8[])) AS g (wait)
      LEFT JOIN (SELECT minute, wait, count(*) AS number FROM tried GROUP BY minute, wait) w
             ON w.minute = c.minute AND w.wait = g.wait
     GROUP BY c.minute
)
INSERT INTO lessons_deliveryminute AS m (channel, minute, sent, failed, lost, waits)
SELECT %(channel)s, minute, sent, failed, lost, waits FROM counted JOIN waits USING (minute) ORDER BY minute
ON CONFLICT (minute, channel) DO UPDATE
   SET sent = m.sent + excluded.sent, failed = m.failed + excluded.failed, lost = m.lost + excluded.lost,
       waits = ARRAY(SELECT a + b FROM unnest(m.waits, excluded.waits) WITH ORDINALITY AS w (a, b, n) ORDER BY n)
"""


def tally(*, run_id: uuid.UUID | str, channel: str) -> None:
    """Count the run's attempts into their minutes. Runs inside the transaction that closes the run, so: once."""
    execute(TALLY, run=str(run_id), channel=channel, bounds=list(WAIT_BOUNDS))
