"""The order of a lesson's messages: what may go now, what waits for its predecessor, what has become pointless.

Per lesson, recipient and channel. Called with the channel's row locked, so that no two claims judge at once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from lessons.events import RULES, EventName, supersedes
from lessons.notifications.sql import array_of, fetch

# Materialized: joined directly, the list of ids may be searched once per sibling, seconds for 10,000 of them.
# Who waits for a lease looks again at the next tick: its record may be under way, and not see whom it should free.
SIBLINGS = """
WITH c AS MATERIALIZED (
    SELECT id, lesson_id, recipient_id, channel FROM lessons_delivery WHERE id = ANY(%(ids)s) AND in_order
)
SELECT c.id, s.id, s.event_id, s.state,
       CASE s.state WHEN 'leased' THEN least(s.lease_until, now() + %(tick)s * interval '1 second')
                    ELSE s.next_attempt_at END
  FROM c
  JOIN lessons_delivery s ON s.lesson_id = c.lesson_id AND s.recipient_id = c.recipient_id AND s.channel = c.channel
                         AND s.state IN ('pending', 'leased')
 WHERE s.id <> c.id AND s.in_order
"""

EVENTS = """
SELECT id, name, coalesce((snapshot ->> 'people_changed')::bool, false) FROM lessons_lessonevent WHERE id = ANY(%(ids)s)
"""

# Of these, to whom something about the lesson was ever sent on this channel, or is being sent once more right now.
TOLD_BEFORE = """
SELECT c.id FROM lessons_delivery c
 WHERE c.id = ANY(%(ids)s) AND EXISTS (
       SELECT 1 FROM lessons_lessonevent e
         JOIN lessons_delivery s ON s.event_id = e.id AND s.recipient_id = c.recipient_id AND s.channel = c.channel
        WHERE e.lesson_id = c.lesson_id AND e.id < c.event_id
           AND (s.state = 'sent' OR (s.state IN ('pending', 'leased') AND NOT s.in_order)))
"""

LOCK_PENDING = """
SELECT id FROM lessons_delivery WHERE id = ANY(%(ids)s) AND state = 'pending' ORDER BY id FOR UPDATE SKIP LOCKED
"""


class EventKind(NamedTuple):
    id: int
    name: str
    people_changed: bool


class Candidate(NamedTuple):
    """A message that is due. `overtakes`: the deliveries of an earlier event do not exist yet."""

    id: int
    in_order: bool
    travels_alone: bool
    overtakes: bool
    event: EventKind


class Sibling(NamedTuple):
    """Another unfinished message about the same lesson, to the same person, over the same channel."""

    candidate_id: int
    id: int
    event_id: int
    state: str
    free_at: datetime


class Verdict:
    """What is to become of the candidates, and of the messages that they make pointless."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.lease = {candidate.id for candidate in candidates}
        self.skip: dict[int, str] = {}
        self.push_back: dict[int, datetime | None] = {}  # None: a second from now

    def skip_candidate(self, candidate_id: int, reason: str) -> None:
        self.lease.discard(candidate_id)
        self.push_back.pop(candidate_id, None)
        self.skip[candidate_id] = reason

    def wait(self, candidate_id: int, until: datetime | None) -> None:
        self.lease.discard(candidate_id)
        self.push_back[candidate_id] = until


def judge(candidates: list[Candidate]) -> Verdict:
    """Decide about each candidate, as of now. Locks the messages that it declares pointless."""
    verdict = Verdict(candidates)
    # Later than what a candidate overtakes: those of an event that is expanded in between would be in neither.
    siblings: dict[int, list[Sibling]] = defaultdict(list)
    for row in fetch(SIBLINGS, ids=array_of(candidate.id for candidate in candidates), tick=settings.TIMING.tick):
        siblings[row[0]].append(Sibling(*row))
    _judge_by_siblings([candidate for candidate in candidates if candidate.id in siblings], siblings, verdict)
    for candidate in candidates:
        if candidate.overtakes and candidate.id in verdict.lease:
            verdict.wait(candidate.id, None)
    _skip_needless(candidates, verdict)
    return verdict


def _judge_by_siblings(candidates: Collection[Candidate], siblings: dict[int, list[Sibling]], verdict: Verdict) -> None:
    events = _event_kinds(candidates, siblings)
    pointless = _lock_pointless(candidates, siblings, events)
    for candidate in candidates:
        _judge_one(candidate, siblings[candidate.id], events, pointless, verdict)


def _event_kinds(candidates: Iterable[Candidate], siblings: dict[int, list[Sibling]]) -> dict[int, EventKind]:
    kinds = {candidate.event.id: candidate.event for candidate in candidates}
    others = {sibling.event_id for group in siblings.values() for sibling in group} - set(kinds)
    if others:
        kinds |= {row[0]: EventKind(*row) for row in fetch(EVENTS, ids=sorted(others))}
    return kinds


def _supersedes(events: dict[int, EventKind], later: int, earlier: int) -> bool:
    return later > earlier and supersedes(
        events[later].name, events[earlier].name, earlier_changed_people=events[earlier].people_changed
    )


def _lock_pointless(
    candidates: Iterable[Candidate], siblings: dict[int, list[Sibling]], events: dict[int, EventKind]
) -> set[int]:
    """The pending siblings that a candidate supersedes, as far as nobody else holds them: whom we waited for
    might be waiting for us."""
    wanted = {
        sibling.id
        for candidate in candidates
        for sibling in siblings[candidate.id]
        if sibling.state == "pending" and _supersedes(events, candidate.event.id, sibling.event_id)
    }
    return {row[0] for row in fetch(LOCK_PENDING, ids=sorted(wanted))} if wanted else set()


def _judge_one(
    candidate: Candidate, siblings: list[Sibling], events: dict[int, EventKind], pointless: set[int], verdict: Verdict
) -> None:
    if any(_supersedes(events, sibling.event_id, candidate.event.id) for sibling in siblings):
        verdict.skip_candidate(candidate.id, "superseded")
        return
    unfinished = []
    for sibling in siblings:
        if sibling.event_id > candidate.event.id:
            continue
        if sibling.id in pointless:
            verdict.skip_candidate(sibling.id, "superseded")
        else:
            unfinished.append(sibling.free_at)
    if unfinished:
        verdict.wait(candidate.id, max(unfinished))


def _skip_needless(candidates: Iterable[Candidate], verdict: Verdict) -> None:
    """Who was never told of a lesson is not told of its end, either."""
    needy = [
        candidate.id
        for candidate in candidates
        if candidate.id in verdict.lease
        and candidate.in_order
        and RULES[EventName(candidate.event.name)].needs_earlier_message
    ]
    if needy:
        told = {row[0] for row in fetch(TOLD_BEFORE, ids=needy)}
        for candidate_id in set(needy) - told:
            verdict.skip_candidate(candidate_id, "nothing_to_take_back")
