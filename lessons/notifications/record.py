"""Recording how a batch went: one fenced write, then whatever it set free."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from lessons.models import AttemptOutcome, DeliveryState
from lessons.notifications.due import is_due
from lessons.notifications.retry import Decision
from lessons.notifications.settle import settle
from lessons.notifications.successors import free_successors
from lessons.sql import array_of, fetch

# The fence: this run, this attempt, taken. A worker whose lease was taken back meanwhile changes nothing.
# An untried delivery (no outcome) gives its attempt back; a Celery retry keeps its lease and can be taken again.
# One by one, by their ids, in the order of these: as in the take, no other way there fits.
# Rather late than lost: what is not recorded counts as lost, and is sent again.
RECORD = """
SET LOCAL lock_timeout = '30s';

WITH told AS (
    SELECT * FROM json_to_recordset(%(results)s)
                  AS t (delivery_id bigint, attempt int, state text, outcome text, error text, provider_id text,
                        delay float8, extra int, started float8, ended float8)
), mine AS (
    SELECT t.*, d.taken_at
      FROM (SELECT * FROM told ORDER BY delivery_id) t
     CROSS JOIN LATERAL (
           SELECT taken_at FROM lessons_delivery
            WHERE id = t.delivery_id
              AND run_id = %(run)s AND coalesce(state) = 'leased' AND taken_at IS NOT NULL AND attempt_count = t.attempt
              FOR UPDATE) d
), recorded AS (
    UPDATE lessons_delivery d
       SET state = m.state, attempt_limit = d.attempt_limit + m.extra,
           attempt_count = d.attempt_count - (m.outcome IS NULL)::int,
           taken_at = NULL, sent_at = CASE WHEN m.state = 'sent' THEN now() END,
           next_attempt_at = CASE WHEN m.state = 'pending' THEN now() + m.delay * interval '1 second'
                                  ELSE d.next_attempt_at END,
           lease_until = CASE WHEN m.state = 'leased' THEN now() + (m.delay + %(slack)s) * interval '1 second' END,
           last_error = CASE WHEN m.outcome IS NULL THEN d.last_error ELSE m.error END, provider_id = m.provider_id
      FROM mine m
     WHERE d.id = m.delivery_id AND d.id = ANY(%(deliveries)s)
    RETURNING d.id, d.event_id, m.state, m.taken_at
), tried AS (
    INSERT INTO lessons_deliveryattempt (delivery_id, number, started_at, ended_at, outcome, error, run_id, task_id)
    SELECT r.id, t.attempt, r.taken_at + t.started * interval '1 second', r.taken_at + t.ended * interval '1 second',
           t.outcome, t.error, %(run)s, %(task)s
      FROM recorded r JOIN told t ON t.delivery_id = r.id
     WHERE t.outcome IS NOT NULL
)
SELECT id, event_id FROM recorded WHERE state IN ('sent', 'dead')
"""


@dataclass(frozen=True)
class Result:
    """What became of one delivery of a batch; `started` and `ended` in seconds since the batch was taken."""

    delivery_id: int
    attempt: int
    state: str
    outcome: str | None = None
    error: str = ""
    provider_id: str = ""
    delay: float = 0.0
    extra: int = 0
    started: float = 0.0
    ended: float = 0.0

    @classmethod
    def sent(cls, delivery_id: int, attempt: int, provider_id: str, started: float, ended: float) -> "Result":
        return cls(
            delivery_id, attempt, DeliveryState.SENT, AttemptOutcome.SENT, "", provider_id, 0.0, 0, started, ended
        )

    @classmethod
    def failed(
        cls, delivery_id: int, attempt: int, decision: Decision, error: str, started: float, ended: float
    ) -> "Result":
        state, outcome = decision.state, decision.outcome
        delay, extra = decision.delay_seconds, decision.extra_attempts
        return cls(delivery_id, attempt, state, outcome, error, "", delay, extra, started, ended)

    @classmethod
    def untried(cls, delivery_id: int, attempt: int) -> "Result":
        return cls(delivery_id, attempt, DeliveryState.PENDING)

    @property
    def is_leased(self) -> bool:
        return self.state == DeliveryState.LEASED


@dataclass(frozen=True)
class Recorded:
    """How many deliveries ended, and whether the relay has something to do now."""

    ended: int
    has_more: bool


def record(*, run_id: uuid.UUID | str, task_id: str | None, channel: str, results: Sequence[Result]) -> Recorded:
    """Write all results and attempts; free the successors; settle the dispatches that have nothing unfinished."""
    with transaction.atomic():
        ended = fetch(
            RECORD,
            run=str(run_id),
            task=task_id,
            slack=settings.TIMING.retry_slack,
            deliveries=array_of(result.delivery_id for result in results),
            results=json.dumps([vars(result) for result in results]),
        )
        settle({dispatch for _, dispatch in ended})
    # Committed: who is claimed from now on finds these messages ended, and waits for none of them. Who was claimed
    # before that, and waits, is seen by now.
    freed = free_successors([id_ for id_, _ in ended])
    return Recorded(len(ended), freed > 0 or is_due(channel))
