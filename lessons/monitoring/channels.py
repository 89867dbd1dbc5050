"""Each channel: what waits, what is in flight, what is dead, and how long the oldest has waited."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from lessons.monitoring.counting import COUNTED_UP_TO, CappedCount
from lessons.notifications.channels import REGISTRY
from lessons.sql import fetch

# Each subquery walks a partial index that has nothing but what it counts, and stops when it has seen enough.
# The oldest: of those that are due, the one that has been due for longest, as the claim would take it.
FIGURES = """
SELECT n.name, c."window", c.open_until,
       (SELECT count(*) FROM (SELECT 1 FROM lessons_delivery d WHERE d.channel = n.name AND d.state = 'pending'
           AND d.next_attempt_at <= now() LIMIT %(limit)s) x),
       (SELECT count(*) FROM (SELECT 1 FROM lessons_delivery d WHERE d.channel = n.name AND d.state = 'pending'
           AND d.next_attempt_at > now() LIMIT %(limit)s) x),
       (SELECT count(*) FROM (SELECT 1 FROM lessons_delivery d WHERE d.channel = n.name AND d.state = 'leased'
           LIMIT %(limit)s) x),
       (SELECT count(*) FROM (SELECT 1 FROM lessons_delivery d WHERE d.channel = n.name AND d.state = 'dead'
           LIMIT %(limit)s) x),
       o.id, extract(epoch FROM now() - o.next_attempt_at)::float8
  FROM unnest(%(names)s) WITH ORDINALITY AS n (name, place)
  LEFT JOIN lessons_channel c ON c.name = n.name
  LEFT JOIN LATERAL (SELECT d.id, d.next_attempt_at FROM lessons_delivery d
                      WHERE d.channel = n.name AND d.state = 'pending' AND d.next_attempt_at <= now()
                      ORDER BY d.next_attempt_at, d.id LIMIT 1) o ON true
 ORDER BY n.place
"""


@dataclass(frozen=True)
class ChannelFigures:
    """`due` wait for a place in the window, `later` for their next try. `oldest_seconds`: since it was due."""

    name: str
    window: int | None
    open_until: datetime | None
    due: CappedCount
    later: CappedCount
    in_flight: CappedCount
    dead: CappedCount
    oldest_id: int | None
    oldest_seconds: float | None

    @property
    def is_left_alone(self) -> bool:
        return self.open_until is not None and self.open_until > timezone.now()


def channel_figures() -> list[ChannelFigures]:
    """All channels that the registry knows, used or not: one that was switched off may still have dead letters."""
    rows = fetch(FIGURES, names=list(REGISTRY), limit=COUNTED_UP_TO + 1)
    return [ChannelFigures(*row[:3], *map(CappedCount, row[3:7]), *row[7:]) for row in rows]
