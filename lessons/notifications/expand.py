"""Dispatch → deliveries: one row per recipient and channel, set-based, however many there are."""

from django.db import transaction

from lessons.notifications.channels import Channel, enabled_channels
from lessons.notifications.retry import ATTEMPT_LIMIT
from lessons.notifications.settle import settle
from lessons.notifications.sql import execute, fetch

DISPATCHES_AT_ONCE = 100

PICK = """
SELECT event_id FROM lessons_dispatch
 WHERE expanded_at IS NULL
 ORDER BY event_id
 LIMIT %(limit)s
   FOR NO KEY UPDATE SKIP LOCKED
"""

# Who cannot be reached gets a row, too, that says why: somebody will ask.
INSERT = """
INSERT INTO lessons_delivery (event_id, lesson_id, recipient_id, channel, attempt_limit, state, last_error)
SELECT d.event_id, d.lesson_id, u.id, %(channel)s, %(limit)s,
       CASE WHEN why.skipped = '' THEN 'pending' ELSE 'skipped' END, why.skipped
  FROM lessons_dispatch d
  JOIN lessons_lessonevent e ON e.id = d.event_id
 CROSS JOIN unnest(e.recipients) AS r (id)
  JOIN lessons_user u ON u.id = r.id
 CROSS JOIN LATERAL (SELECT CASE WHEN NOT u.is_active THEN 'inactive'
                                 WHEN %(channel)s = ANY(u.muted_channels) THEN 'opted_out'
                                 WHEN {address} = '' THEN 'no_address'
                                 ELSE '' END) AS why (skipped)
 WHERE d.event_id = ANY(%(dispatches)s) AND (d.channels IS NULL OR %(channel)s = ANY(d.channels))
 ORDER BY d.event_id, u.id
ON CONFLICT DO NOTHING
"""

MARK = "UPDATE lessons_dispatch SET expanded_at = now() WHERE event_id = ANY(%(dispatches)s)"


def expand(limit: int = DISPATCHES_AT_ONCE) -> int:
    """Expand up to `limit` dispatches that nobody else is expanding; the number that was."""
    with transaction.atomic():
        dispatches = [row[0] for row in fetch(PICK, limit=limit)]
        if dispatches:
            for channel in enabled_channels():
                execute(_insert(channel), channel=channel.name, limit=ATTEMPT_LIMIT, dispatches=dispatches)
            execute(MARK, dispatches=dispatches)
            settle(dispatches)  # those that reach nobody are finished already
    return len(dispatches)


def _insert(channel: Channel) -> str:
    address = f"u.{channel.address_field}" if channel.address_field else "'-'"
    return INSERT.format(address=address)
