"""F12: the clocks of some workers are an hour wrong. What is due, and which lease is over, the database says."""

import time

from backend.stack.processes import Process
from lessons.tests.drills.clients import FULL_LIFE, Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

HOUR = 3600.0
CLOCKS = (HOUR, -HOUR, 0.0)
SLOTS_EACH = 2
OUTAGE_SECONDS = 2.0
LONGEST_MINUTE = 1.2  # the first step of the long schedule, with its jitter

# Runs of which a lease was taken back though it had not been taken: its task was somewhere else.
STRANDED = """
SELECT count(*) FROM lessons_chordrun r WHERE state = 'lost' AND NOT EXISTS (
       SELECT 1 FROM lessons_deliveryattempt a WHERE a.run_id = r.id AND a.outcome = 'lost')
"""


@drill("F12", latency_seconds=0.1)
def clocks(stack: Stack, scale: Scale) -> Outcome:
    rounds, lives, recovered = scale.of(1, 4), scale.of(6, 20), []
    stack.start_web()
    stack.start_beat()
    load = Load(stack)
    outcome = Outcome(what=f"workers an hour ahead, an hour behind and right, the gateway gone {rounds} times")
    workers = [_start_worker(stack, clock) for clock in CLOCKS]
    for _ in range(rounds):
        load.start([FULL_LIFE] * lives)
        recovered.append(_outage(stack, load))
    for clock, worker in zip(CLOCKS, workers, strict=True):
        outcome.expect(worker.has_logged(" accepted as "), f"the worker whose clock is {clock:+g} s wrong sent nothing")
    outcome.expect(stack.value(STRANDED), "no retry waited for an hour that its row did not wait for")
    for worker in workers[1:]:
        stack.terminate(worker)
    _retry_late(stack, load)
    outcome.answers, outcome.recovered_seconds = load.answers, max(recovered)
    outcome.expect(stack.attempts("lost") == 0, "a lease ended early")
    return outcome


def _start_worker(stack: Stack, clock: float) -> Process:
    with stack.through("clock", str(clock)):
        return stack.start_worker(concurrency=SLOTS_EACH)


def _outage(stack: Stack, load: Load) -> float:
    """The gateway hangs up on everybody: tasks retry at a moment that they reckon by their own clocks. Where the next
    worker's clock is behind, it waits an hour; the row waits for the retry's countdown. Seconds from its return."""
    stack.gateway.provider.faults.update({"refuse": True})
    stack.wait_until(lambda: stack.traffic["refused"] > 0, within_seconds=30, what="a refusal")
    time.sleep(OUTAGE_SECONDS)
    stack.gateway.provider.faults.reset()
    ended = time.monotonic()
    load.join(within_seconds=60)
    stack.wait_until_told(within_seconds=stack.timing.lease + 2 * stack.timing.tick)
    return time.monotonic() - ended


def _retry_late(stack: Stack, load: Load) -> None:
    """What failed for now is due in a minute, and beat says so: also where the only worker thinks that it is late."""
    failed = stack.attempts("transient")
    stack.gateway.provider.faults.update({"error_rate": 1.0})
    load.run([("create",)], within_seconds=30)
    stack.wait_until(lambda: stack.attempts("transient") == failed + 2, within_seconds=30, what="two failed sends")
    stack.gateway.provider.faults.reset()
    stack.wait_until_told(within_seconds=LONGEST_MINUTE * stack.timing.minute + 2 * stack.timing.tick)
