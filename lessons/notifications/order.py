"""The order of a lesson's messages: what may go now, what waits for its predecessor, what has become pointless.

Per lesson, recipient and channel. Called with the channel's row locked, so that no two claims judge at once.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from lessons.events import RULES, EventName, supersedes
from lessons.notifications.candidates import Candidate, EventKind
from lessons.sql import fetch

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

# coalesce: no index of what is pending fits that.
LOCK_PENDING = """
SELECT id FROM lessons_delivery
 WHERE id = ANY(%(ids)s) AND coalesce(state) = 'pending'
 ORDER BY id FOR UPDATE SKIP LOCKED
"""


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
    if with_siblings := [candidate for candidate in candidates if candidate.siblings]:
        _judge_by_siblings(with_siblings, verdict)
    for candidate in candidates:
        if candidate.overtakes and candidate.id in verdict.lease:
            verdict.wait(candidate.id, None)
    _skip_needless(candidates, verdict)
    return verdict


def _judge_by_siblings(candidates: Collection[Candidate], verdict: Verdict) -> None:
    events = _event_kinds(candidates)
    pointless = _lock_pointless(candidates, events)
    for candidate in candidates:
        _judge_one(candidate, events, pointless, verdict)


def _event_kinds(candidates: Iterable[Candidate]) -> dict[int, EventKind]:
    kinds = {candidate.event.id: candidate.event for candidate in candidates}
    others = {sibling.event_id for candidate in candidates for sibling in candidate.siblings} - set(kinds)
    if others:
        kinds |= {row[0]: EventKind(*row) for row in fetch(EVENTS, ids=sorted(others))}
    return kinds


def _supersedes(events: dict[int, EventKind], later: int, earlier: int) -> bool:
    return later > earlier and supersedes(
        events[later].name, events[earlier].name, earlier_changed_people=events[earlier].people_changed
    )


def _lock_pointless(candidates: Iterable[Candidate], events: dict[int, EventKind]) -> set[int]:
    """The pending siblings that a candidate supersedes, as far as nobody else holds them: whom we waited for
    might be waiting for us."""
    wanted = {
        sibling.id
        for candidate in candidates
        for sibling in candidate.siblings
        if sibling.state == "pending" and _supersedes(events, candidate.event.id, sibling.event_id)
    }
    return {row[0] for row in fetch(LOCK_PENDING, ids=sorted(wanted))} if wanted else set()


def _judge_one(candidate: Candidate, events: dict[int, EventKind], pointless: set[int], verdict: Verdict) -> None:
    if any(_supersedes(events, sibling.event_id, candidate.event.id) for sibling in candidate.siblings):
        verdict.skip_candidate(candidate.id, "superseded")
        return
    unfinished = []
    for sibling in candidate.siblings:
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
