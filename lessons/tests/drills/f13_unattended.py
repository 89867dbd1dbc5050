"""F13: nobody does what somebody should: beat never ticks, a chord's body never runs, a launch breaks off half done."""

import re
import signal
import time
from datetime import UTC, datetime

from lessons.tests.drills.clients import TEACHERS, Client, student_ids
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

SLOTS = 4
LESSONS = 5
SLOW_SECONDS, QUICK_SECONDS = 0.6, 0.05  # the gateway, while something has to be in flight, and afterwards
INTO_THE_SENDS_SECONDS = 0.4
CHORD_KEYS = "celery-taskset-meta-*"

RUNS = "SELECT DISTINCT run_id FROM lessons_delivery WHERE lesson_id = %s AND run_id IS NOT NULL"
MOVED_AGAIN = """
SELECT extract(epoch FROM max(at) - %s)::float8 FROM drill_step WHERE was = 'leased' AND became = 'pending'
"""
SENT_BY = "SELECT count(*) FROM lessons_deliveryattempt WHERE run_id = %s AND outcome = 'sent'"


@drill("F13", latency_seconds=QUICK_SECONDS)
def unattended(stack: Stack, scale: Scale) -> Outcome:
    rounds = scale.of(1, 3)
    system = System(stack)
    faults = {
        "worker lost": system.lose_the_worker,
        "no body": system.lose_the_body,
        "half a launch": system.lose_the_publisher,
    }
    system.tell_by_wakes_alone()
    longest = {name: max(fault() for _ in range(rounds)) for name, fault in faults.items()}
    bound = stack.timing.lease + stack.timing.tick + stack.timing.provider_timeout  # it moves again, and is sent
    for name, seconds in longest.items():
        system.outcome.expect(seconds <= bound, f"{name}: settled after {seconds:.1f} s, not {bound:g}")
    settled = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in longest.items())
    system.outcome.what = f"without beat, {LESSONS} lessons told by wakes alone; {rounds} × {settled}"
    system.outcome.recovered_seconds = max(longest.values())
    system.outcome.answers = system.client.answers
    return system.outcome


class System:
    """A worker that sends, one for relays and bodies, and no beat. Each fault returns the seconds from its strike until
    all is settled, once somebody has started `relay --loop`."""

    def __init__(self, stack: Stack) -> None:
        self.outcome = Outcome(what="")
        self._stack = stack
        self._sender = stack.launch_worker(queues="deliver.sms", concurrency=SLOTS)
        self._control = stack.launch_worker(queues="control", concurrency=1)
        stack.start_web()
        self.client, self._students = Client(stack.url, TEACHERS[0]), student_ids(stack)

    def tell_by_wakes_alone(self) -> None:
        for _ in range(LESSONS):
            self._new_lesson()
        self._stack.wait_until_told(within_seconds=30)

    def lose_the_worker(self) -> float:
        """It dies with its slots full."""
        lost = self._stack.attempts("lost")
        self._make_gateway(SLOW_SECONDS)
        self._new_lesson()
        self._stack.wait_until(lambda: self._stack.traffic["in_flight"] == SLOTS, within_seconds=10, what="full slots")
        time.sleep(INTO_THE_SENDS_SECONDS)
        self._stack.kill(self._sender)
        struck = datetime.now(UTC)
        self._make_gateway(QUICK_SECONDS)
        self._sender = self._stack.launch_worker(queues="deliver.sms", concurrency=SLOTS)
        seconds, told = self._rescue(struck)
        self.outcome.expect(self._stack.attempts("lost") == lost + SLOTS, "no worker was lost in mid-send")
        self.outcome.expect(re.search("taken back [1-9]", told), f"the relay took nothing back: {told}")
        moved, bound = self._stack.value(MOVED_AGAIN, struck), self._stack.timing.lease + self._stack.timing.tick
        self.outcome.expect(moved <= bound, f"the last message moved again after {moved:.1f} s, not {bound:g}")
        return seconds

    def lose_the_body(self) -> float:
        """That by which a chord counts its tasks disappears: none of them is the last."""
        self._make_gateway(SLOW_SECONDS)
        lesson = self._new_lesson()
        self._stack.wait_until(lambda: self._launched(lesson), within_seconds=10, what="a chord")
        redis = self._stack.middleware.redis()
        counters = redis.delete(*redis.scan_iter(CHORD_KEYS))
        struck = datetime.now(UTC)
        seconds, _ = self._rescue(struck)
        bodies = [run for run in self._launched(lesson) if self._control.has_logged(f"lessons.close_run[{run}] rec")]
        self.outcome.expect(counters and not bodies, f"{counters} counters were lost, and there were bodies: {bodies}")
        return seconds

    def lose_the_publisher(self) -> float:
        """It dies when the first of its header tasks is with the broker."""
        self._make_gateway(QUICK_SECONDS)
        self._stack.kill(self._control)  # who would launch the chord instead
        lesson = self._new_lesson()
        marks = self._stack.logs / f"launch-{lesson}"
        marks.mkdir()
        with self._stack.through("crash", "process", str(marks), "in launch"):
            publisher = self._stack.run("manage.py", "relay")
        struck = datetime.now(UTC)
        (run,) = (row.run_id for row in self._stack.query(RUNS, lesson))
        self._control = self._stack.launch_worker(queues="control", concurrency=1)
        seconds, _ = self._rescue(struck)
        self.outcome.expect(publisher.popen.returncode == -signal.SIGKILL, f"it lived: {publisher.log_tail()}")
        self.outcome.expect(self._stack.value(SENT_BY, run) == 1, "not one task of the launch got through")
        return seconds

    def _new_lesson(self) -> int:
        lesson = self.client.live(["create"], self._students)
        assert lesson is not None
        return lesson

    def _make_gateway(self, latency_seconds: float) -> None:
        self._stack.gateway.provider.faults.update({"latency_seconds": latency_seconds})

    def _launched(self, lesson: int) -> list[str]:
        """The runs that tell of the lesson and are with the broker whole."""
        runs = [str(row.run_id) for row in self._stack.query(RUNS, lesson)]
        return [run for run in runs if self._control.has_logged(f"Run {run}: ")]

    def _rescue(self, struck: datetime) -> tuple[float, str]:
        """The seconds since it struck, and what the relay said."""
        relay = self._stack.start_relay()
        self._stack.wait_until_told(within_seconds=3 * self._stack.timing.lease)
        seconds = (datetime.now(UTC) - struck).total_seconds()
        self._stack.kill(relay)
        return seconds, relay.log.read_text()
