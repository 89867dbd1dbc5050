"""F1: workers are killed and the database is stopped again and again, in the middle of everything."""

import os
import random
import signal
import time

import psutil

from lessons.tests.drills.clients import FULL_LIFE, Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

WORKERS = 2
BETWEEN_KILLS_SECONDS = 1.2


@drill("F1", latency_seconds=0.2)
def kills(stack: Stack, scale: Scale) -> Outcome:
    lives, worker_kills, stops = scale.of((12, 6, 1), (200, 40, 5))
    stack.start_web()
    stack.start_beat()
    for _ in range(WORKERS):
        stack.start_worker()
    load = Load(stack)
    load.start([FULL_LIFE] * lives, per_second=lives / (worker_kills * BETWEEN_KILLS_SECONDS))
    for number in range(1, worker_kills + 1):
        time.sleep(BETWEEN_KILLS_SECONDS)
        _kill_one(stack, number)
        if number % (worker_kills // stops) == 0:
            stack.cluster.stop_immediately()
            stack.cluster.start()
    last_kill = time.monotonic()
    load.join(within_seconds=120)
    stack.wait_until_told(within_seconds=6 * stack.timing.lease)
    return Outcome(
        what=f"{worker_kills} workers killed, PostgreSQL stopped {stops} times without a goodbye",
        answers=load.answers,
        recovered_seconds=time.monotonic() - last_kill,
    )


def _kill_one(stack: Stack, number: int) -> None:
    """By turns a whole worker, which is replaced, and one of the processes in its pool, which it replaces itself."""
    worker = random.choice(stack.workers)
    children = psutil.Process(worker.popen.pid).children()
    if number % 2 and children:
        os.kill(random.choice(children).pid, signal.SIGKILL)
    else:
        stack.kill(worker)
        stack.launch_worker()
