"""The end of a chord run: its report, from the rows."""

import logging
import uuid

from django.db import transaction
from django.db.models.functions import Now

from lessons.models import ChordRun, RunState
from lessons.notifications.sql import fetch
from lessons.notifications.tally import tally

logger = logging.getLogger(__name__)

IN_FLIGHT = "SELECT EXISTS (SELECT 1 FROM lessons_delivery WHERE run_id = %(run)s AND state = 'leased')"

REPORT = """
SELECT count(*) FILTER (WHERE a.outcome = 'sent'),
       count(*) FILTER (WHERE a.outcome = 'transient'),
       count(*) FILTER (WHERE a.outcome = 'lost'),
       count(DISTINCT d.id) FILTER (WHERE d.state = 'dead' AND d.run_id = a.run_id),
       round(extract(epoch FROM max(a.ended_at) - min(a.started_at)), 3)::float8,
       round(extract(epoch FROM avg(a.ended_at - a.started_at)), 3)::float8
  FROM lessons_deliveryattempt a JOIN lessons_delivery d ON d.id = a.delivery_id
 WHERE a.run_id = %(run)s
"""


def close_run(*, run_id: uuid.UUID | str) -> None:
    """Write the run's report and close it. Called by the chord's body, by its on_error and by the reaper: the first
    that finds nothing in flight does it. A run of which a lease was taken back stays `lost`."""
    with transaction.atomic():
        run = ChordRun.objects.select_for_update(no_key=True).filter(pk=run_id, closed_at__isnull=True).first()
        if run is None or fetch(IN_FLIGHT, run=run.pk)[0][0]:
            return
        sent, failed, lost, dead, seconds, mean = fetch(REPORT, run=run.pk)[0]
        run.report = {
            "sent": sent,
            "failed": failed,
            "lost": lost,
            "dead": dead,
            "seconds": seconds,
            "mean_seconds": mean,
        }
        if run.state == RunState.RUNNING:
            run.state = RunState.CLOSED
        run.closed_at = Now()
        run.save(update_fields=["report", "state", "closed_at"])
        tally(run_id=run.pk, channel=run.channel)
    logger.info("Run %s of %s is %s: %s", run.pk, run.channel, run.state, run.report)
    if dead:
        logger.error("%s deliveries over %s are dead after run %s", dead, run.channel, run.pk)
