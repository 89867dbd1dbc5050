"""The end of a chord run: its report, from the rows."""

import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from structlog.contextvars import bound_contextvars

from lessons.models import RunState
from lessons.notifications.measure import measure
from lessons.notifications.sql import fetch
from lessons.notifications.tally import tally

logger = logging.getLogger(__name__)

# Of two at once, one waits for the row, and then finds it closed. What is not in flight in this run never is again.
CLOSE = """
UPDATE lessons_chordrun r
   SET closed_at = now(), state = CASE r.state WHEN 'running' THEN 'closed' ELSE r.state END,
       report = jsonb_build_object('sent', n.sent, 'failed', n.failed, 'lost', n.lost, 'dead', n.dead,
                                   'seconds', n.seconds, 'mean_seconds', n.mean_seconds)
  FROM (SELECT count(*) FILTER (WHERE a.outcome = 'sent') AS sent,
               count(*) FILTER (WHERE a.outcome = 'transient') AS failed,
               count(*) FILTER (WHERE a.outcome = 'lost') AS lost,
               count(DISTINCT d.id) FILTER (WHERE d.state = 'dead' AND d.run_id = a.run_id) AS dead,
               round(extract(epoch FROM max(a.ended_at) - min(a.started_at)), 3)::float8 AS seconds,
               round(extract(epoch FROM avg(a.ended_at - a.started_at)), 3)::float8 AS mean_seconds
          FROM lessons_deliveryattempt a JOIN lessons_delivery d ON d.id = a.delivery_id
         WHERE a.run_id = %(run)s) n
 WHERE r.id = %(run)s AND r.closed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM lessons_delivery WHERE run_id = %(run)s AND state = 'leased')
RETURNING r.channel, r.state, r.report::text, r.delivery_count,
          extract(epoch FROM clock_timestamp() - r.started_at)::float8
"""


def close_run(*, run_id: uuid.UUID | str) -> None:
    """Write the run's report and close it. Called by the chord's body, by its on_error and by the reaper: the first
    that finds nothing in flight does it. A run of which a lease was taken back stays `lost`."""
    with transaction.atomic():
        closed = fetch(CLOSE, run=str(run_id))
        for channel, *_ in closed:
            tally(run_id=run_id, channel=channel)
    for channel, state, written, deliveries, seconds in closed:
        report = json.loads(written)
        measure(run_id=run_id, channel=channel, state=state, report=report, deliveries=deliveries, seconds=seconds)
        with bound_contextvars(run=str(run_id), channel=channel):
            _tell(run_id, channel, state, report)


def _tell(run_id: uuid.UUID | str, channel: str, state: str, report: Mapping[str, Any]) -> None:
    """Errors are one issue per channel, however many runs: somebody has to look, and redeliver."""
    logger.info("Run %s of %s is %s: %s", run_id, channel, state, report)
    if report["dead"]:
        issue = {"issue": f"dead letters over {channel}"}
        logger.error("%s deliveries over %s are dead after run %s", report["dead"], channel, run_id, extra=issue)
    if state == RunState.LOST:
        issue = {"issue": f"lost runs of {channel}"}
        logger.error("Run %s of %s was lost: a worker did not report back", run_id, channel, extra=issue)
