"""What there is to do now, by the database's clock. A row of an index answers each question, however much waits."""

from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings

from lessons.notifications.channels import Channel
from lessons.sql import fetch

# Asked by every pass of the relay: an idle one asks no more than this. Hardly ever is anything lost.
WORK = """
SELECT ARRAY(SELECT c.name FROM unnest(%(names)s::text[]) AS c (name)
              WHERE EXISTS (SELECT 1 FROM lessons_delivery d
                             WHERE d.channel = c.name AND d.state = 'pending' AND d.next_attempt_at <= now())),
       EXISTS (SELECT 1 FROM lessons_delivery WHERE state = 'leased' AND lease_until < now())
       OR EXISTS (SELECT 1 FROM lessons_chordrun
                   WHERE closed_at IS NULL AND started_at < now() - %(grace)s * interval '1 second')
"""

DUE = """
SELECT EXISTS (SELECT 1 FROM lessons_delivery
                WHERE channel = %(name)s AND state = 'pending' AND next_attempt_at <= now())
"""


class Work(NamedTuple):
    """On which channels something is due, and whether the reaper may find something."""

    due: list[Channel]
    is_anything_lost: bool


def look_for_work(channels: Iterable[Channel]) -> Work:
    """On the `channels`, and for the reaper."""
    by_name = {channel.name: channel for channel in channels}
    ((due, is_anything_lost),) = fetch(WORK, names=list(by_name), grace=settings.TIMING.launch_lease)
    return Work([by_name[name] for name in due], is_anything_lost)


def is_due(channel: str) -> bool:
    """Whether something is due on it."""
    return bool(fetch(DUE, name=channel)[0][0])
