"""Who may be next on a channel: what is due, with whatever is unfinished before and behind it."""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from lessons.sql import fetch

# now(), not clock_timestamp(): only a stable function can use the index. What is overtaken is an earlier event whose
# deliveries do not exist yet; in one statement with the siblings, so that one that is expanded meanwhile is in either.
# OFFSET 0: the siblings are looked for candidate by candidate. Joined, they might be searched for among all of them.
# Who waits for a lease looks again at the next tick: whoever records it may die before it has set others free.
CANDIDATES = """
WITH c AS (
    SELECT d.id, d.in_order, d.travels_alone,
           d.in_order AND EXISTS (
               SELECT 1 FROM lessons_dispatch o
                WHERE o.lesson_id = d.lesson_id AND o.event_id < d.event_id AND o.expanded_at IS NULL) AS overtakes,
           e.id AS event_id, e.name, coalesce((e.snapshot ->> 'people_changed')::bool, false) AS people_changed,
           d.lesson_id, d.recipient_id, d.next_attempt_at
      FROM lessons_delivery d JOIN lessons_lessonevent e ON e.id = d.event_id
     WHERE d.channel = %(name)s AND d.state = 'pending' AND d.next_attempt_at <= now()
     ORDER BY d.next_attempt_at, d.id
     LIMIT %(limit)s
       FOR UPDATE OF d SKIP LOCKED
)
SELECT c.id, c.in_order, c.travels_alone, c.overtakes, c.event_id, c.name, c.people_changed,
       s.id, s.event_id, s.state, s.free_at
  FROM c LEFT JOIN LATERAL (
       SELECT s.id, s.event_id, s.state,
              CASE s.state WHEN 'leased' THEN least(s.lease_until, now() + %(tick)s * interval '1 second')
                           ELSE s.next_attempt_at END AS free_at
         FROM lessons_delivery s
        WHERE s.lesson_id = c.lesson_id AND s.recipient_id = c.recipient_id AND s.channel = %(name)s
          AND s.state IN ('pending', 'leased') AND s.id > 0 AND s.id <> c.id AND s.in_order AND c.in_order
       OFFSET 0) s ON true
 ORDER BY c.next_attempt_at, c.id
"""


class EventKind(NamedTuple):
    id: int
    name: str
    people_changed: bool


class Sibling(NamedTuple):
    """Another unfinished message about the same lesson, to the same person, over the same channel."""

    id: int
    event_id: int
    state: str
    free_at: datetime


class Candidate(NamedTuple):
    """A message that is due. `overtakes`: the deliveries of an earlier event do not exist yet."""

    id: int
    in_order: bool
    travels_alone: bool
    overtakes: bool
    event: EventKind
    siblings: list[Sibling]


def look_for_candidates(channel: str, *, limit: int) -> list[Candidate]:
    """The `limit` that have been due for longest, locked; those that somebody else has locked are passed over."""
    found: dict[int, Candidate] = {}
    for row in fetch(CANDIDATES, name=channel, limit=limit, tick=settings.TIMING.tick):
        id_, in_order, alone, overtakes, *event = row[:7]
        sibling = row[7:]
        if id_ not in found:
            found[id_] = Candidate(id_, in_order, alone, overtakes, EventKind(*event), [])
        if sibling[0]:
            found[id_].siblings.append(Sibling(*sibling))
    return list(found.values())
