"""Claiming what is due on one channel, in the order of each lesson's events, within the channel's window.

The backlog lives in the table: only as many deliveries are in flight as the channel's workers finish soon.
"""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from lessons.models import ChordRun
from lessons.notifications.candidates import Candidate, look_for_candidates
from lessons.notifications.channels import Channel
from lessons.notifications.order import Verdict, judge
from lessons.notifications.settle import settle
from lessons.notifications.successors import free_successors
from lessons.sql import array_of, execute, fetch

LONGEST_HEADER = 200  # tasks: a longer chord takes seconds to publish, and more memory per task

ENSURE_CHANNEL = """
INSERT INTO lessons_channel (name, "window") VALUES (%(name)s, %(window)s) ON CONFLICT DO NOTHING
"""

# Not SKIP LOCKED: the claims of one channel come one after the other. What is in flight is counted by a statement of
# its own, in the same round trip: one that had waited for the lock would not see what its predecessor has leased.
# Not waited for until it is on the disk (ADR 9): whoever takes what was claimed makes that sure, too.
LOCK_CHANNEL = """
SET LOCAL synchronous_commit = off;

SELECT 1 FROM lessons_channel WHERE name = %(name)s FOR NO KEY UPDATE;

SELECT "window", open_until, open_until >= now(),
       (SELECT count(*) FROM lessons_delivery WHERE channel = %(name)s AND state = 'leased')
  FROM lessons_channel
 WHERE name = %(name)s
"""

# What was launched before the circuit opened, and died with its worker, would keep the probe waiting for its lease.
PROBES = """
SELECT count(*) FROM lessons_delivery d JOIN lessons_chordrun r ON r.id = d.run_id
 WHERE d.channel = %(name)s AND d.state = 'leased' AND r.started_at > %(since)s
"""

# coalesce: no index of what is pending fits that.
SKIP = """
UPDATE lessons_delivery d SET state = 'skipped', last_error = why.reason
  FROM unnest(%(ids)s, %(reasons)s) AS why (id, reason)
 WHERE d.id = why.id AND coalesce(d.state) = 'pending'
RETURNING d.id, d.event_id
"""

PUSH_BACK = """
UPDATE lessons_delivery d
   SET next_attempt_at = greatest(coalesce(pushed.until, now() + interval '1 s'), now() + interval '50 ms')
  FROM unnest(%(ids)s, %(until)s::timestamptz[]) AS pushed (id, until)
 WHERE d.id = pushed.id
"""

LEASE = """
WITH run AS (
    INSERT INTO lessons_chordrun (id, channel, state, size, delivery_count, task_ids, report)
    VALUES (%(run)s, %(channel)s, 'running', %(size)s, %(count)s, %(task_ids)s::uuid[], '{}')
)
UPDATE lessons_delivery d
   SET state = 'leased', run_id = %(run)s, batch = b.number, taken_at = NULL,
       lease_until = now() + %(lease)s * interval '1 second'
  FROM unnest(%(ids)s::bigint[], %(batches)s::int[]) AS b (id, number)
 WHERE d.id = b.id
"""


@dataclass(frozen=True)
class Claim:
    """What was leased to a run: its batches, each one header task of the run's `task_ids`."""

    run: ChordRun
    batches: list[list[int]]


def claim(channel: Channel) -> Claim | None:
    """Lease what is due, up to the free part of the window, to a new run. None: nothing to do, or not now."""
    with transaction.atomic():
        # Where nothing of a windowful may go, what is due behind it may. It ends: what was judged is not due any more.
        while candidates := _lock_candidates(channel):
            verdict = judge(candidates)
            _carry_out(verdict)
            if verdict.lease:
                return _lease(channel, [candidate for candidate in candidates if candidate.id in verdict.lease])
    return None


def _lock_candidates(channel: Channel) -> list[Candidate]:
    rows = fetch(LOCK_CHANNEL, name=channel.name)
    if not rows:
        execute(ENSURE_CHANNEL, name=channel.name, window=channel.window)
        rows = fetch(LOCK_CHANNEL, name=channel.name)
    window, was_open_until, is_open, in_flight = rows[0]
    if is_open:
        return []
    if was_open_until:  # half open: one at a time finds out whether the channel works again
        probes = fetch(PROBES, name=channel.name, since=was_open_until)[0][0]
        return [] if probes else look_for_candidates(channel.name, limit=1)
    free = window - in_flight
    candidates = look_for_candidates(channel.name, limit=free) if free > 0 else []
    # Under load, a window that is nearly full is left to drain a little: many small chords cost more than few.
    return [] if len(candidates) == free < window // 4 and in_flight else candidates


def _carry_out(verdict: Verdict) -> None:
    if verdict.skip:
        skipped = fetch(SKIP, ids=list(verdict.skip), reasons=list(verdict.skip.values()))
        free_successors([id_ for id_, _ in skipped], skip_locked=True)
        settle({dispatch for _, dispatch in skipped})
    if verdict.push_back:
        execute(PUSH_BACK, ids=list(verdict.push_back), until=list(verdict.push_back.values()))


def _lease(channel: Channel, may_go: list[Candidate]) -> Claim:
    """What is too much for one header stays due."""
    batches = _batches(may_go, channel.batch_size)[:LONGEST_HEADER]
    numbers = {candidate.id: number for number, batch in enumerate(batches) for candidate in batch}
    run = ChordRun(channel=channel.name, size=len(batches), delivery_count=len(numbers))
    run.task_ids = [uuid.uuid4() for _ in batches]
    execute(
        LEASE,
        run=run.pk,
        channel=run.channel,
        size=run.size,
        count=run.delivery_count,
        task_ids=run.task_ids,
        ids=array_of(numbers),
        batches=array_of(numbers.values()),
        lease=settings.TIMING.launch_lease,
    )
    return Claim(run, [[candidate.id for candidate in batch] for batch in batches])


def _batches(leased: list[Candidate], size: int) -> list[list[Candidate]]:
    """Header tasks of `size` deliveries; what may have killed its worker gets one of its own."""
    alone = [[candidate] for candidate in leased if candidate.travels_alone]
    together = [candidate for candidate in leased if not candidate.travels_alone]
    return alone + [together[i : i + size] for i in range(0, len(together), size)]
