"""A claim becomes a chord: one header task per batch, `close_run` as body and as on_error."""

import logging
import reprlib
from typing import Any

from celery import chord, current_app
from django.db import transaction
from structlog.contextvars import bound_contextvars

from lessons.broker import UNREACHABLE
from lessons.models import ChordRun
from lessons.notifications.claim import Claim
from lessons.sql import execute

logger = logging.getLogger(__name__)

DELIVER_TASK, CLOSE_TASK = "lessons.deliver", "lessons.close_run"
NOT_TAKEN = (*UNREACHABLE, RuntimeError)  # the latter is Celery's, for a result backend that is away

GIVE_BACK = """
UPDATE lessons_delivery SET state = 'pending', next_attempt_at = now(), lease_until = NULL
 WHERE channel = %(channel)s AND run_id = %(run)s AND state = 'leased' AND taken_at IS NULL
"""

ABANDON = """
UPDATE lessons_chordrun SET state = 'lost', closed_at = now(), report = '{"launch": "the broker did not take it"}'
 WHERE id = %(run)s
"""


def launch(claim: Claim) -> bool:
    """Publish the run's chord. All its tasks carry the run's id as root and parent id, and the body has it for its own:
    so the run has a page in Flower, which lists its header tasks, and each of theirs leads to it.

    False where the broker did not take it; the deliveries are then given back at once. Header tasks that got through
    all the same find nothing to take.
    """
    run = claim.run
    with bound_contextvars(run=str(run.pk), channel=run.channel):
        try:
            _publish(claim)
        except NOT_TAKEN as error:
            logger.warning("Run %s was not launched, its deliveries are given back: %s", run.pk, error)
            _give_back(run)
            return False
        logger.info("Run %s: %s deliveries over %s in %s tasks", run.pk, run.delivery_count, run.channel, run.size)
    return True


def _publish(claim: Claim) -> None:
    run = claim.run
    queue = f"deliver.{run.channel}"
    header = []
    for task_id, batch in zip(run.task_ids, claim.batches, strict=True):
        # What Flower shows of the arguments: Celery would look through all thousand ids, and then cut them off.
        shown = f"({run.pk}, {reprlib.repr(batch)})"
        options: dict[str, Any] = {"task_id": str(task_id), "queue": queue, "argsrepr": shown}
        header.append(current_app.signature(DELIVER_TASK, args=(str(run.pk), batch), immutable=True, options=options))
    close = current_app.signature(CLOSE_TASK, args=(str(run.pk),), immutable=True)
    body = close.clone().set(task_id=str(run.pk)).on_error(close)
    chord(header, app=current_app)(body, root_id=str(run.pk), parent_id=str(run.pk))


def _give_back(run: ChordRun) -> None:
    with transaction.atomic():
        execute(GIVE_BACK, channel=run.channel, run=run.pk)
        execute(ABANDON, run=run.pk)
