"""Taking a batch: the lease's token. A second copy of the task's message gets no row, and sends nothing."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from lessons.models.delivery import idempotency_key_of
from lessons.notifications.messages import EventFacts, Message, Recipient
from lessons.sql import array_of, fetch

# coalesce: no index of what is leased fits that. By one of them a batch would read all that its run has in flight.
# What the messages are about comes with the first of them: it may be the same for all, and is long.
TAKE = """
WITH taken AS (
    UPDATE lessons_delivery d
       SET taken_at = now(), attempt_count = d.attempt_count + 1, lease_until = now() + %(lease)s * interval '1 second'
      FROM lessons_user u
     WHERE d.id = ANY(%(ids)s) AND d.run_id = %(run)s AND coalesce(d.state) = 'leased' AND d.taken_at IS NULL
       AND u.id = d.recipient_id
    RETURNING d.id, d.channel, d.event_id, d.attempt_count, d.attempt_limit,
              extract(epoch FROM now() - d.created_at)::float8,
              u.id AS person, u.full_name, u.language, u.time_zone, u.phone, u.email, u.is_active
), facts AS (
    SELECT e.id, e.lesson_id, e.seq, e.name, e.source, e.occasion, e.reason, e.created_at, e.snapshot,
           coalesce(nullif(t.full_name, ''), t.username, '') AS teacher_name, e.request_id
      FROM lessons_lessonevent e LEFT JOIN lessons_user t ON t.id = (e.snapshot ->> 'teacher')::bigint
     WHERE e.id IN (SELECT event_id FROM taken)
)
SELECT CASE WHEN id = (SELECT min(id) FROM taken) THEN (SELECT json_agg(f)::text FROM facts f) END, t.*
  FROM taken t
 ORDER BY id
"""


class Taken(NamedTuple):
    """A message that is ours to send: the `attempt`-th try of `limit`, of a delivery that is `age_seconds` old."""

    message: Message
    channel: str
    attempt: int
    limit: int
    age_seconds: float


def take(run_id: uuid.UUID | str, delivery_ids: Sequence[int]) -> list[Taken]:
    """Take those of the deliveries that this run still holds and nobody has taken; count the try before it is made."""
    rows = fetch(TAKE, ids=array_of(delivery_ids), run=str(run_id), lease=settings.TIMING.lease)
    events = _events(rows[0][0]) if rows else {}
    return [
        Taken(
            Message(id_, idempotency_key_of(id_), Recipient(*person), events[event_id], attempt),
            channel,
            attempt,
            limit,
            age,
        )
        for _, id_, channel, event_id, attempt, limit, age, *person in rows
    ]


def _events(document: str) -> dict[int, EventFacts]:
    facts = json.loads(document)
    return {
        event["id"]: EventFacts(**{**event, "created_at": datetime.fromisoformat(event["created_at"])})
        for event in facts
    }
