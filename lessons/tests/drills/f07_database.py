"""F7: PostgreSQL is stopped without a goodbye and started again, while people change and read."""

import random
import threading
import time
from collections.abc import Iterable

import requests

from lessons.tests.drills.clients import FULL_LIFE, TEACHERS, Answer, Client, Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

HEALTHY_WITHIN_SECONDS = 10.0
AWAY_SECONDS = 0.7
BETWEEN_SECONDS = (1.0, 2.5)
READS = ("/lessons/", "/me/", "/lessons/?status=scheduled&page_size=100")
UNAVAILABLE, CONFLICT = 503, 409


@drill("F7")
def restarts(stack: Stack, scale: Scale) -> Outcome:
    lives, number = scale.of((25, 3), (250, 20))
    outcome = Outcome(what="")
    stack.start_web()
    stack.start_worker()
    stack.start_beat()
    load, reader = Load(stack), Reader(Client(stack.url, TEACHERS[-1]))
    load.start([FULL_LIFE] * lives, per_second=lives / (number * (AWAY_SECONDS + BETWEEN_SECONDS[1])))
    reader.start()
    healthy = []
    for _ in range(number):
        time.sleep(random.uniform(*BETWEEN_SECONDS))
        stack.cluster.stop_immediately()
        time.sleep(AWAY_SECONDS)
        stack.cluster.start()
        healthy.append(_seconds_until_healthy(stack, load.clients[0].again()))
    last_start = time.monotonic()
    load.join(within_seconds=120)
    reader.stop()
    stack.wait_until_told(within_seconds=6 * stack.timing.lease)
    outcome.recovered_seconds = time.monotonic() - last_start

    changes, reads = (sum(a.status == UNAVAILABLE for a in answers) for answers in (load.answers, reader.answers))
    outcome.expect(changes >= number and reads >= number, f"{changes} changes and {reads} reads met a restart")
    outcome.problems += _improper(load.answers)[:5] + _improper(reader.answers)[:5]
    outcome.answers = load.answers
    outcome.what = (
        f"PostgreSQL stopped {number} times without a goodbye: {changes + reads} answers of "
        f"{len(load.answers) + len(reader.answers)} were 503, healthy after {max(healthy):.1f} s at most"
    )
    return outcome


class Reader:
    """Somebody who looks at their lessons all the time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.answers: list[Answer] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._stop.wait(0.02):
            self.answers.append(self._client.get(random.choice(READS)))


def _seconds_until_healthy(stack: Stack, client: Client) -> float:
    def is_healthy() -> bool:
        ready = requests.get(f"{stack.url}/readyz", timeout=HEALTHY_WITHIN_SECONDS)
        return ready.ok and client.get("/me/").is_acknowledged

    return stack.wait_until(is_healthy, within_seconds=HEALTHY_WITHIN_SECONDS, what="healthy after a restart")


def _improper(answers: Iterable[Answer]) -> list[str]:
    """Answers that are neither a success nor a 503 that says when to come back. A client that asks again, not knowing
    what became of its first request, may be told that it is done already."""
    unknown: set[tuple[int | None, str]] = set()
    found = []
    for answer in answers:
        step = (answer.lesson, answer.action)
        is_unavailable = answer.status == UNAVAILABLE and answer.retry_after.isdigit()
        is_done_already = answer.status == CONFLICT and step in unknown
        if not (answer.is_acknowledged or (answer.is_problem and (is_unavailable or is_done_already))):
            found.append(f"an answer was {answer}")
        unknown |= {step} if is_unavailable else set()
    return found
