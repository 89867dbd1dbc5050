"""Dispatch → deliveries: one row per recipient and channel, set-based, however many there are."""

from typing import NamedTuple

from django.db import transaction

from lessons.notifications.channels import Channel, enabled_channels
from lessons.notifications.retry import ATTEMPT_LIMIT
from lessons.notifications.settle import settle
from lessons.sql import fetch

DISPATCHES_AT_ONCE = 100

# Who cannot be reached gets a row, too, that says why: somebody will ask.
# Not waited for until it is on the disk (ADR 9): what a crash undoes is expanded again.
EXPAND = """
SET LOCAL synchronous_commit = off;

WITH picked AS (
    UPDATE lessons_dispatch SET expanded_at = now()
     WHERE event_id = ANY(ARRAY(
           SELECT event_id FROM lessons_dispatch
            WHERE expanded_at IS NULL
            ORDER BY event_id
            LIMIT %(limit)s
              FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING event_id, lesson_id, channels
), made AS (
    INSERT INTO lessons_delivery (event_id, lesson_id, recipient_id, channel, attempt_limit, state, last_error)
    SELECT d.event_id, d.lesson_id, u.id, c.name, %(attempts)s,
           CASE WHEN why.skipped = '' THEN 'pending' ELSE 'skipped' END, why.skipped
      FROM picked d
      JOIN lessons_lessonevent e ON e.id = d.event_id
     CROSS JOIN unnest(e.recipients) AS r (id)
      JOIN lessons_user u ON u.id = r.id
     CROSS JOIN LATERAL ({channels}) AS c (name, address)
     CROSS JOIN LATERAL (SELECT CASE WHEN NOT u.is_active THEN 'inactive'
                                     WHEN c.name = ANY(u.muted_channels) THEN 'opted_out'
                                     WHEN c.address = '' THEN 'no_address'
                                     ELSE '' END) AS why (skipped)
     WHERE d.channels IS NULL OR c.name = ANY(d.channels)
     ORDER BY d.event_id, c.name, u.id
    ON CONFLICT DO NOTHING
    RETURNING event_id, channel, state
)
SELECT p.event_id, p.event_id IN (SELECT event_id FROM made WHERE state = 'pending'),
       ARRAY(SELECT c.name FROM unnest(%(names)s::text[]) AS c (name)
              WHERE EXISTS (SELECT 1 FROM made WHERE channel = c.name AND state = 'pending'))
  FROM picked p
"""
NO_CHANNEL = "SELECT '', '' WHERE false"


class Expanded(NamedTuple):
    """How many dispatches, and the channels on which that made something due."""

    dispatches: int
    channels: list[Channel]


def expand(limit: int = DISPATCHES_AT_ONCE) -> Expanded:
    """Expand up to `limit` dispatches that nobody else is expanding."""
    by_name = {channel.name: channel for channel in enabled_channels()}
    channels = ", ".join(map(_with_address, by_name.values()))
    statement = EXPAND.format(channels=f"VALUES {channels}" if channels else NO_CHANNEL)
    with transaction.atomic():
        expanded = fetch(statement, limit=limit, attempts=ATTEMPT_LIMIT, names=list(by_name))
        settle({dispatch for dispatch, has_pending, _ in expanded if not has_pending})  # finished already
    return Expanded(len(expanded), [by_name[name] for name in expanded[0][2]] if expanded else [])


def _with_address(channel: Channel) -> str:
    address = f"u.{channel.address_field}" if channel.address_field else "'-'"
    return f"('{channel.name}', {address})"
