"""Dead letters get another chance, when somebody asks for it.

They keep their idempotency keys, and their attempts are counted on. They go out when they are due, whatever has
happened to the lesson since: a redelivery is outside the order of its events.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, QuerySet

from lessons.models import Delivery, DeliveryState
from lessons.notifications.retry import ATTEMPT_LIMIT
from lessons.sql import execute, fetch

# As settling does, in the same order: no dispatch is settled while its deliveries come back to life.
LOCK_DISPATCHES = """
SELECT event_id FROM lessons_dispatch
 WHERE event_id IN (SELECT event_id FROM lessons_delivery WHERE id = ANY(%(deliveries)s))
 ORDER BY event_id
   FOR NO KEY UPDATE
"""

# A statement of its own: who had waited for the lock would still see as dead what somebody else has redelivered.
# What may have killed its worker travels alone again.
REVIVE = """
WITH dead AS (
    SELECT id FROM lessons_delivery WHERE id = ANY(%(deliveries)s) AND state = 'dead' ORDER BY id FOR UPDATE
), revived AS (
    UPDATE lessons_delivery d
       SET state = 'pending', next_attempt_at = now(), in_order = false,
           attempt_limit = d.attempt_count + %(allowance)s,
           travels_alone = EXISTS (SELECT 1 FROM lessons_deliveryattempt a
                                    WHERE a.delivery_id = d.id AND a.number = d.attempt_count AND a.outcome = 'lost')
      FROM dead
     WHERE d.id = dead.id
    RETURNING d.id, d.event_id
), noted AS (
    INSERT INTO lessons_redelivery (delivery_id, actor_id, reason) SELECT id, %(actor)s, %(reason)s FROM revived
)
SELECT id, event_id FROM revived ORDER BY id
"""

REOPEN = """
UPDATE lessons_dispatch SET settled_at = NULL, total = NULL, sent = NULL, dead = NULL, skipped = NULL
 WHERE event_id = ANY(%(dispatches)s)
"""


def dead_since(*, channel: str, since: datetime) -> QuerySet[Delivery]:
    """What died on a channel since a moment, by its last try."""
    return Delivery.objects.filter(
        channel=channel,
        state=DeliveryState.DEAD,
        attempts__number=F("attempt_count"),
        attempts__ended_at__gte=since,
    )


def redeliver(*, deliveries: Collection[int], actor_id: int | None, reason: str) -> list[int]:
    """Make those of `deliveries` that are dead due again, with a fresh allowance of attempts; their ids.

    Runs inside the transaction of whoever asks for it. Of several at once, each delivery is redelivered by one.
    """
    fetch(LOCK_DISPATCHES, deliveries=list(deliveries))
    revived = fetch(REVIVE, deliveries=list(deliveries), allowance=ATTEMPT_LIMIT, actor=actor_id, reason=reason)
    if revived:
        execute(REOPEN, dispatches=sorted({dispatch for _, dispatch in revived}))
    return [id_ for id_, _ in revived]
