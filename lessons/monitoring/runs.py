"""Chord runs: those under way, those that do not get on, and those that were lost; each with what mends it."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings

from lessons.sql import fetch

OPEN_SHOWN, LOST_SHOWN = 50, 10
LOST_WITHIN = timedelta(days=1)

# Oldest first: what stalls is among them however many have been launched since. Leased is at most the windows' sum.
OPEN = """
SELECT r.id, r.channel, r.size, r.delivery_count, r.started_at, extract(epoch FROM now() - r.started_at)::float8,
       l.leased, l.batches, l.taken, l.expired, l.lease_until,
       (SELECT count(*) FROM lessons_deliveryattempt a WHERE a.run_id = r.id AND a.outcome = 'transient'), r.state
  FROM (SELECT * FROM lessons_chordrun WHERE closed_at IS NULL ORDER BY started_at LIMIT %(limit)s) r
 CROSS JOIN LATERAL (
       SELECT count(*) AS leased, count(DISTINCT d.batch) AS batches, count(d.taken_at) AS taken,
              count(*) FILTER (WHERE d.lease_until < now()) AS expired, min(d.lease_until) AS lease_until
         FROM lessons_delivery d WHERE d.channel = r.channel AND d.run_id = r.id AND d.state = 'leased') l
 ORDER BY r.started_at DESC
"""

LOST = """
SELECT r.id, r.channel, r.started_at, r.closed_at, r.delivery_count, r.report,
       coalesce((SELECT jsonb_object_agg(s.state, s.number)
          FROM (SELECT d.state, count(*) AS number
                  FROM lessons_deliveryattempt a JOIN lessons_delivery d ON d.id = a.delivery_id
                 WHERE a.run_id = r.id AND a.outcome = 'lost' GROUP BY d.state) s), '{}')
  FROM lessons_chordrun r
 WHERE r.state = 'lost' AND r.started_at > now() - %(within)s
 ORDER BY r.started_at DESC LIMIT %(limit)s
"""


class Phase(StrEnum):
    """What an open run is at."""

    QUEUED = "queued"  # no worker has taken any of it yet
    SENDING = "sending"
    RETRYING = "retrying"  # its channel is down; Celery tries its tasks again
    CLOSING = "closing"  # nothing is in flight any more, its body has to say so
    UNTAKEN = "untaken"  # queued for longer than it should be
    EXPIRED = "expired"  # a worker has not reported back in time
    UNCLOSED = "unclosed"  # its body is lost


STALLED = frozenset({Phase.UNTAKEN, Phase.EXPIRED, Phase.UNCLOSED})


@dataclass(frozen=True)
class OpenRun:
    """`leased`, `taken`, `expired` deliveries are still in its hands; `lease_until`: when the first lease ends."""

    id: uuid.UUID
    channel: str
    size: int
    delivery_count: int
    started_at: datetime
    age_seconds: float
    leased: int
    batches: int
    taken: int
    expired: int
    lease_until: datetime | None
    retries: int
    state: str

    @property
    def done(self) -> int:
        """Header tasks with nothing left in flight."""
        return max(0, self.size - self.batches)

    @property
    def phase(self) -> Phase:
        is_late = self.age_seconds > settings.TIMING.launch_lease
        if self.expired:
            return Phase.EXPIRED
        if not self.leased:
            return Phase.UNCLOSED if is_late else Phase.CLOSING
        if self.taken:
            return Phase.SENDING
        if self.retries:
            return Phase.RETRYING
        return Phase.UNTAKEN if self.age_seconds > settings.TIMING.launch_lease / 2 and not self.done else Phase.QUEUED

    @property
    def is_stalled(self) -> bool:
        return self.phase in STALLED


@dataclass(frozen=True)
class LostRun:
    """`now`: what has become of the deliveries that were lost in it, by their state."""

    id: uuid.UUID
    channel: str
    started_at: datetime
    closed_at: datetime | None
    delivery_count: int
    report: dict[str, Any]
    now: dict[str, int]

    @property
    def was_launched(self) -> bool:
        return "launch" not in self.report

    @property
    def waiting(self) -> int:
        return self.now.get("pending", 0) + self.now.get("leased", 0)


def open_runs() -> list[OpenRun]:
    """Those that are not closed, latest first; where there are very many, the oldest of them."""
    return [OpenRun(uuid.UUID(str(id_)), *row) for id_, *row in fetch(OPEN, limit=OPEN_SHOWN)]


def lost_runs() -> list[LostRun]:
    """The latest of the last day."""
    return [
        LostRun(uuid.UUID(str(id_)), channel, started, closed, number, _object(report), _object(now))
        for id_, channel, started, closed, number, report, now in fetch(LOST, within=LOST_WITHIN, limit=LOST_SHOWN)
    ]


def _object(value: Any) -> dict[str, Any]:
    """A JSON object, which the driver may hand over as text."""
    return dict(json.loads(value) if isinstance(value, str) else value)
