"""Recording how a batch went: one fenced write, then whatever it set free."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.db import transaction

from lessons.models import AttemptOutcome, DeliveryState
from lessons.notifications.due import due_names
from lessons.notifications.retry import Decision
from lessons.notifications.settle import settle
from lessons.notifications.sql import fetch
from lessons.notifications.successors import free_successors

# The fence: this run, this attempt, taken. A worker whose lease was taken back meanwhile changes nothing.
# An untried delivery (no outcome) gives its attempt back; a Celery retry keeps its lease and can be taken again.
# Rather late than lost: what is not recorded counts as lost, and is sent again.
RECORD = """
SET LOCAL lock_timeout = '30s';

WITH told AS (
    SELECT * FROM unnest(%(delivery_id)s::bigint[], %(attempt)s::int[], %(state)s::text[], %(outcome)s::text[],
                         %(error)s::text[], %(provider_id)s::text[], %(delay)s::float8[], %(extra)s::int[],
                         %(started)s::float8[], %(ended)s::float8[])
                  AS t (id, attempt, state, outcome, error, provider_id, delay, extra, started, ended)
), mine AS (
    SELECT d.id, d.taken_at FROM lessons_delivery d JOIN told t USING (id)
     WHERE d.run_id = %(run)s AND d.state = 'leased' AND d.taken_at IS NOT NULL AND d.attempt_count = t.attempt
     ORDER BY d.id FOR UPDATE OF d
), recorded AS (
    UPDATE lessons_delivery d
       SET state = t.state, attempt_limit = d.attempt_limit + t.extra,
           attempt_count = d.attempt_count - (t.outcome IS NULL)::int,
           taken_at = NULL, sent_at = CASE WHEN t.state = 'sent' THEN now() END,
           next_attempt_at = CASE WHEN t.state = 'pending' THEN now() + t.delay * interval '1 second'
                                  ELSE d.next_attempt_at END,
           lease_until = CASE WHEN t.state = 'leased' THEN now() + (t.delay + %(slack)s) * interval '1 second' END,
           last_error = CASE WHEN t.outcome IS NULL THEN d.last_error ELSE t.error END, provider_id = t.provider_id
      FROM told t JOIN mine USING (id)
     WHERE d.id = mine.id
    RETURNING d.id, d.event_id, t.state, mine.taken_at
), tried AS (
    INSERT INTO lessons_deliveryattempt (delivery_id, number, started_at, ended_at, outcome, error, run_id, task_id)
    SELECT r.id, t.attempt, r.taken_at + t.started * interval '1 second', r.taken_at + t.ended * interval '1 second',
           t.outcome, t.error, %(run)s, %(task)s
      FROM recorded r JOIN told t USING (id)
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
    columns: dict[str, list[Any]] = {
        field.name: [getattr(result, field.name) for result in results] for field in fields(Result)
    }
    with transaction.atomic():
        ended = fetch(RECORD, run=str(run_id), task=task_id, slack=settings.TIMING.retry_slack, **columns)
        freed = free_successors([id_ for id_, _ in ended])
        settle({dispatch for _, dispatch in ended})
    return Recorded(len(ended), freed > 0 or bool(due_names([channel])))
