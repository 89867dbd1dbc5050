"""F15: Redis restarts while tasks run and the worker has a slot free: it survives, and nothing is lost."""

import time

from backend.stack.processes import Process
from lessons.tests.drills.clients import TEACHERS, Client, student_ids
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import UNFINISHED, Stack
from lessons.tests.trials import Scale

MESSAGES = 2  # a teacher and a student: half of the worker's slots stay free
INTO_THE_SENDS_SECONDS = 0.3

RUNNING = "SELECT count(*) FROM lessons_delivery WHERE state = 'leased' AND taken_at IS NOT NULL"


@drill("F15", time_scale=(0.2, 0.2), latency_seconds=1.2)
def redis_restarts(stack: Stack, scale: Scale) -> Outcome:
    rounds = scale.of(2, 12)
    outcome = Outcome(what="", recovered_seconds=0.0)
    beat, worker = stack.start_beat(), stack.launch_worker()
    stack.start_web()
    client, students = Client(stack.url, TEACHERS[0]), student_ids(stack)
    ended = 0
    for number in range(1, rounds + 1):
        noticed = _restarts_noticed(worker)
        _restart_in_mid_task(stack, client, students[:1], outcome)
        struck = time.monotonic()
        if _survives(stack, worker):
            outcome.expect(_restarts_noticed(worker) > noticed, f"round {number}: the worker noticed nothing")
        else:
            outcome.problems.append(f"round {number}, the worker ended: {worker.log_tail().splitlines()[-1]}")
            stack.kill(worker)
            ended, worker = ended + 1, stack.start_worker()
            stack.wait_until_told(within_seconds=2 * stack.timing.lease)
        outcome.recovered_seconds = max(outcome.recovered_seconds or 0.0, time.monotonic() - struck)
    outcome.expect(not _has_ended(beat), f"beat ended: {beat.log_tail()}")
    outcome.answers = client.answers
    outcome.what = f"Redis restarted in mid-task, a slot free: the worker survived {rounds - ended} of {rounds}"
    return outcome


def _restart_in_mid_task(stack: Stack, client: Client, students: list[int], outcome: Outcome) -> None:
    client.live(["create"], students)
    stack.wait_until(lambda: stack.traffic["in_flight"] == MESSAGES, within_seconds=30, what="messages in flight")
    time.sleep(INTO_THE_SENDS_SECONDS)
    stack.middleware.restart()
    outcome.expect(stack.value(RUNNING) == MESSAGES, "no task ran when Redis restarted")


def _survives(stack: Stack, worker: Process) -> bool:
    """Whether the worker itself tells everybody what there is to tell."""
    stack.wait_until(
        lambda: stack.value(UNFINISHED) == 0 or _has_ended(worker), within_seconds=2 * stack.timing.lease, what="told"
    )
    return not _has_ended(worker)


def _restarts_noticed(worker: Process) -> int:
    return worker.log.read_text().count("Connection to broker lost")


def _has_ended(worker: Process) -> bool:
    return worker.popen.poll() is not None
