"""P5: from the commit to the first call of a channel, idle, against a bare `.delay()` to the start of its task.

Both ends are read from the clock: the end from the line that the worker logs, in milliseconds.
"""

import json
import re
import time
from datetime import UTC, datetime

from celery import Celery

from backend.stack.processes import Process
from benchmarks.lessons import make_lessons
from benchmarks.measure import Figure, Row, by_turns, ratio
from benchmarks.rig import OURS, PLAIN, Database, Rig
from benchmarks.sides import our_database, plain_database
from lessons.tests.trials import Scale

TOLD = re.compile(r"^(\S+ \S+) .*Notification sent to \w+ \d+ for lesson Lesson (\d+)$", re.MULTILINE)
STARTED = re.compile(r"^(\S+ \S+) .*started (\d+)$", re.MULTILINE)
HALF_A_MILLISECOND = 0.0005  # what the log cuts off, on average
PAUSE_SECONDS = 0.05


def measure(rig: Rig, scale: Scale) -> list[Row]:
    tries, rounds = scale.of(10, 30), scale.of(2, 7)
    with (
        our_database(rig) as ours,
        plain_database(rig) as plain,
        ours.worker(OURS) as our_worker,
        plain.worker(PLAIN) as worker,
    ):
        told = by_turns(
            rounds, {"ours": lambda: _ours(ours, our_worker, tries), "delay": lambda: _plain(plain, worker, tries)}
        )
    return [
        Row(
            name="P5",
            measure="commit to first channel call, idle, against .delay() to task start",
            ratio=ratio(told["ours"], told["delay"]),
            threshold=scale.of(12.0, 4.0),
            at_least=False,
            sides={
                "ours": Figure(tuple(1000 * seconds for seconds in told["ours"]), "ms"),
                ".delay()": Figure(tuple(1000 * seconds for seconds in told["delay"]), "ms"),
            },
        )
    ]


def _ours(database: Database, worker: Process, tries: int) -> float:
    made = dict(make_lessons(database, tries))
    database.query("UPDATE lessons_lesson SET title = 'Lesson ' || id WHERE id = ANY(%(ids)s)", ids=list(made))
    committed = json.loads(database.run("-m", "benchmarks.idle", str(tries)).splitlines()[-1])
    return _mean_delay(committed, TOLD.findall(worker.log.read_text(errors="replace")))


def _plain(database: Database, worker: Process, tries: int) -> float:
    celery = Celery(broker=database.environment["CELERY_BROKER_URL"])
    published = {}
    for _ in range(tries):
        key = str(time.time_ns())
        published[key] = time.time()
        celery.send_task(f"{PLAIN}.tasks.say_started", args=(key,), ignore_result=True)
        time.sleep(PAUSE_SECONDS)
    return _mean_delay(published, STARTED.findall(worker.log.read_text(errors="replace")))


def _mean_delay(began: dict[str, float], lines: list[tuple[str, str]]) -> float:
    """Seconds from each beginning to the first line about it, on average without the slowest tenth."""
    seen: dict[str, float] = {}
    for moment, key in lines:
        seen.setdefault(key, datetime.strptime(moment, "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=UTC).timestamp())
    delays = sorted(seen[key] + HALF_A_MILLISECOND - moment for key, moment in began.items())
    kept = delays[: len(delays) - len(delays) // 10]
    return sum(kept) / len(kept)
