"""The end of a chord run: its report and what it adds to each minute's tally, from the rows, by one statement."""

import json
import logging
import uuid

from django.db import transaction
from structlog.contextvars import bound_contextvars

from lessons.models import RunState
from lessons.models.minute import WAIT_BOUNDS
from lessons.notifications.measure import ClosedRun, measure
from lessons.sql import fetch

logger = logging.getLogger(__name__)

# Of two at once, one waits for the row, and then finds it closed. What is not in flight in this run never is again.
# Not waited for until it is on the disk (ADR 9): a run that a crash opens again is closed by the reaper.
# Who waited: redeliveries are left out, they wait for whoever asks for them.
# In the order of the minutes: two runs that close at once wait for each other, and never in a circle.
CLOSE = """
SET LOCAL synchronous_commit = off;

WITH tried AS (
    SELECT a.outcome, a.started_at, a.ended_at, date_trunc('minute', a.ended_at) AS minute,
           CASE WHEN d.state = 'dead' AND d.run_id = a.run_id THEN d.id END AS dead,
           CASE WHEN a.outcome = 'sent' AND d.in_order
                THEN extract(epoch FROM a.ended_at - p.created_at)::float8 END AS waited
      FROM lessons_deliveryattempt a
      JOIN lessons_delivery d ON d.id = a.delivery_id
      JOIN lessons_dispatch p ON p.event_id = d.event_id
     WHERE a.run_id = %(run)s
), closed AS (
    UPDATE lessons_chordrun r
       SET closed_at = now(), state = CASE r.state WHEN 'running' THEN 'closed' ELSE r.state END,
           report = jsonb_build_object('sent', n.sent, 'failed', n.failed, 'lost', n.lost, 'dead', n.dead,
                                       'seconds', n.seconds, 'mean_seconds', n.mean_seconds)
      FROM (SELECT count(*) FILTER (WHERE outcome = 'sent') AS sent,
                   count(*) FILTER (WHERE outcome = 'transient') AS failed,
                   count(*) FILTER (WHERE outcome = 'lost') AS lost,
                   count(DISTINCT dead) AS dead,
                   round(extract(epoch FROM max(ended_at) - min(started_at)), 3)::float8 AS seconds,
                   round(extract(epoch FROM avg(ended_at - started_at)), 3)::float8 AS mean_seconds
              FROM tried) n
     WHERE r.id = %(run)s AND r.closed_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM lessons_delivery
                        WHERE channel = r.channel AND run_id = r.id AND state = 'leased')
    RETURNING r.channel, r.state, r.report::text, r.delivery_count,
              extract(epoch FROM clock_timestamp() - r.started_at)::float8
), waits AS (
    SELECT minute, width_bucket(waited, %(bounds)s::float8[]) AS wait, count(*) AS number, sum(waited) AS seconds
      FROM tried WHERE waited IS NOT NULL GROUP BY 1, 2
), tallied AS (
    INSERT INTO lessons_deliveryminute AS m (channel, minute, sent, failed, lost, waits)
    SELECT c.channel, t.minute, count(*) FILTER (WHERE outcome = 'sent'),
           count(*) FILTER (WHERE outcome IN ('transient', 'permanent')), count(*) FILTER (WHERE outcome = 'lost'),
           ARRAY(SELECT coalesce(w.number, 0)
                   FROM generate_series(0, cardinality(%(bounds)s::float8[])) AS g (wait)
                   LEFT JOIN waits w ON w.minute = t.minute AND w.wait = g.wait
                  ORDER BY g.wait)
      FROM closed c CROSS JOIN tried t
     WHERE t.minute IS NOT NULL
     GROUP BY c.channel, t.minute
     ORDER BY t.minute
    ON CONFLICT (minute, channel) DO UPDATE
       SET sent = m.sent + excluded.sent, failed = m.failed + excluded.failed, lost = m.lost + excluded.lost,
           waits = ARRAY(SELECT a + b FROM unnest(m.waits, excluded.waits) WITH ORDINALITY AS w (a, b, n) ORDER BY n)
)
SELECT c.*, (SELECT array_agg(ARRAY[wait, number]) FROM waits), (SELECT sum(seconds) FROM waits) FROM closed c
"""


def close_run(*, run_id: uuid.UUID | str) -> None:
    """Write the run's report and close it. Called by the chord's body, by its on_error and by the reaper: the first
    that finds nothing in flight does it. A run of which a lease was taken back stays `lost`."""
    with transaction.atomic():
        rows = fetch(CLOSE, run=str(run_id), bounds=list(WAIT_BOUNDS))
    for channel, state, report, deliveries, seconds, waits, waited in rows:
        closed = ClosedRun(channel, state, json.loads(report), deliveries, seconds, waits or [], waited or 0.0)
        measure(closed)
        with bound_contextvars(run=str(run_id), channel=channel):
            _tell(run_id, closed)


def _tell(run_id: uuid.UUID | str, run: ClosedRun) -> None:
    """Errors are one issue per channel, however many runs: somebody has to look, and redeliver."""
    logger.info("Run %s of %s is %s: %s", run_id, run.channel, run.state, run.report)
    if dead := run.report["dead"]:
        issue = {"issue": f"dead letters over {run.channel}"}
        logger.error("%s deliveries over %s are dead after run %s", dead, run.channel, run_id, extra=issue)
    if run.state == RunState.LOST:
        issue = {"issue": f"lost runs of {run.channel}"}
        logger.error("Run %s of %s was lost: a worker did not report back", run_id, run.channel, extra=issue)
