"""F6: everything in Redis is gone at one blow, in mid-chord with hundreds waiting; the first time a worker with it."""

import time
from typing import Any, NamedTuple

import requests

from backend.stack.processes import Process
from lessons.tests.drills.clients import TEACHERS, Client, student_ids
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

FLUSHES = 3
SLOTS = 2  # of each of the two workers
SPARE_LESSONS = 2  # told before the first flush
INTO_THE_SENDS_SECONDS = 0.3

LEASED = """
SELECT id, run_id, taken_at IS NOT NULL AS is_taken, clock_timestamp() AS at FROM lessons_delivery
 WHERE state = 'leased' AND run_id <> ALL(%s::uuid[])
"""
# After the lease began, and not after it was seen: its end may have been under way then.
LEFT_ITS_LEASE = """
SELECT gone.became, extract(epoch FROM gone.at - %s)::float8 AS seconds FROM drill_step gone
 WHERE gone.delivery_id = %s AND gone.was = 'leased' AND gone.at > (
       SELECT max(at) FROM drill_step WHERE delivery_id = gone.delivery_id AND became = 'leased' AND at < %s)
 ORDER BY gone.at LIMIT 1
"""
WAITING = """
SELECT (SELECT count(*) FROM lessons_delivery WHERE state IN ('pending', 'leased'))
     + (SELECT coalesce(sum(cardinality(recipients)), 0) FROM lessons_dispatch d JOIN lessons_lessonevent e
            ON e.id = d.event_id WHERE expanded_at IS NULL)
"""


class Moved(NamedTuple):
    """A delivery that was leased when everything was gone: how it left its lease, and when after that."""

    was_taken: bool
    became: str
    seconds: float


@drill("F6", latency_seconds=0.5)
def flushed(stack: Stack, scale: Scale) -> Outcome:
    messages = scale.of(60, 500)
    outcome = Outcome(what="")
    stack.start_web()
    beat = stack.start_beat()
    client, students = Client(stack.url, TEACHERS[0]), student_ids(stack)
    for _ in range(messages // (len(students) + 1) + SPARE_LESSONS):
        client.live(["create"], students)
    survivor, mortal = stack.launch_worker(concurrency=SLOTS), stack.launch_worker(concurrency=SLOTS)

    waiting = 0
    leased: list[list[Any]] = []
    for number in range(FLUSHES):
        struck = [str(row.run_id) for rows in leased for row in rows]
        _wait_for_mid_chord(stack, struck, running=2 * SLOTS if number == 0 else SLOTS)
        waiting = waiting or stack.value(WAITING)
        leased.append(_flush(stack, struck, dies_with_it=mortal if number == 0 else None))
        if number == 0:
            stack.launch_worker(concurrency=SLOTS)
    last_flush = time.monotonic()
    stack.wait_until_told(within_seconds=3 * stack.timing.lease + messages)
    outcome.recovered_seconds = time.monotonic() - last_flush

    moved = [[_moved(stack, row) for row in rows] for rows in leased]
    _judge(stack, moved, outcome)
    outcome.expect(waiting >= messages, f"only {waiting} waited at the first flush")
    for process in (survivor, beat):
        outcome.expect(process.popen.poll() is None, f"{process.record.name} ended: {process.log_tail()}")
    stack.wait_until(lambda: _is_ready(stack), within_seconds=10, what="every part is ready again")
    outcome.answers = client.answers
    outcome.what = f"the broker emptied {FLUSHES} times in mid-chord, {waiting} waiting at first; {_summary(moved)}"
    return outcome


def _wait_for_mid_chord(stack: Stack, struck: list[str], *, running: int) -> None:
    """So many tasks of chords that were not struck yet run; more than all slots could take at once wait."""

    def is_so() -> bool:
        taken = [row.is_taken for row in stack.query(LEASED, struck)]
        return taken.count(True) >= running and taken.count(False) > 2 * SLOTS

    stack.wait_until(is_so, within_seconds=60, what="a chord under way")


def _flush(stack: Stack, struck: list[str], *, dies_with_it: Process | None) -> list[Any]:
    """What was leased when it happened, to runs that were not struck before."""
    if dies_with_it:
        time.sleep(INTO_THE_SENDS_SECONDS)
        stack.kill(dies_with_it)
    stack.middleware.forget_everything()
    return stack.query(LEASED, struck)


def _moved(stack: Stack, leased: Any) -> Moved:
    step = stack.query(LEFT_ITS_LEASE, leased.at, leased.id, leased.at)[0]
    return Moved(leased.is_taken, step.became, step.seconds)


def _judge(stack: Stack, moved: list[list[Moved]], outcome: Outcome) -> None:
    timing = stack.timing
    for number, deliveries in enumerate(moved, start=1):
        stranded = [delivery for delivery in deliveries if delivery.became == "pending"]
        outcome.expect(any(not d.was_taken for d in stranded), f"flush {number} cost no task that waited")
        if number == 1:
            outcome.expect(any(d.was_taken for d in stranded), "the worker that died had nothing in hand")
    for delivery in (delivery for deliveries in moved for delivery in deliveries):
        bound = (timing.lease if delivery.was_taken else timing.launch_lease) + timing.tick
        outcome.expect(delivery.seconds <= bound, f"moved after {delivery.seconds:.1f} s, not {bound:g}: {delivery}")


def _summary(moved: list[list[Moved]]) -> str:
    stranded = [delivery for deliveries in moved for delivery in deliveries if delivery.became == "pending"]
    untaken, taken = (max((d.seconds for d in stranded if d.was_taken is was), default=0.0) for was in (False, True))
    return f"{len(stranded)} stranded, moved after {untaken:.1f} s at most, taken ones {taken:.1f} s"


def _is_ready(stack: Stack) -> bool:
    return bool(requests.get(f"{stack.url}/readyz", timeout=5).json()["status"] == "ok")
