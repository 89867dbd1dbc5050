"""Notifications without a site: events that wait in the outbox, and how long it takes until everybody is told."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from celery import Celery, chord

from backend.stack.processes import Process
from benchmarks.lessons import make_events
from benchmarks.rig import OURS, PLAIN, Database, Rig
from benchmarks.sides import is_everybody_told, our_database, plain_database

PATIENCE_SECONDS = 300.0
TOLD = "bench:told"


class Ours:
    """Our worker, on a database with people."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @cached_property
    def _celery(self) -> Celery:
        return Celery(broker=self.database.environment["CELERY_BROKER_URL"])

    def tell(self, *, events: int, size: int) -> float:
        """Events with `size` recipients each, their dispatches committed; the seconds until all are settled."""
        first = min(make_events(self.database, events=events, size=size))
        began = time.perf_counter()
        self._celery.send_task("lessons.relay", queue="control", ignore_result=True)  # as a commit does
        self.database.rig.wait_until(
            lambda: is_everybody_told(self.database, after=first - 1),
            within_seconds=PATIENCE_SECONDS,
            what="everybody told",
        )
        return time.perf_counter() - began


class Plain:
    """The plain design's worker."""

    def __init__(self, database: Database, worker: Process) -> None:
        self.database, self._worker = database, worker
        self.database.query(
            "INSERT INTO plain_lesson (title, teacher_id, start_time, end_time, status)"
            " VALUES ('Algebra', 1, now(), now() + interval '1 hour', 'completed')"
        )
        self._celery = Celery(
            broker=database.environment["CELERY_BROKER_URL"], backend=database.environment["CELERY_RESULT_BACKEND"]
        )

    def tell_by_chord(self, recipients: int) -> float:
        """One chord, one task per recipient; the seconds from its launch to its body."""
        header = [
            self._celery.signature(f"{PLAIN}.tasks.notify_in_chord", args=(1, 1 + n, "completed"), immutable=True)
            for n in range(recipients)
        ]
        body = self._celery.signature(f"{PLAIN}.tasks.all_told", args=(TOLD,), immutable=True)
        began = time.perf_counter()
        chord(header, app=self._celery)(body)
        assert self.database.rig.broker.blpop([TOLD], timeout=PATIENCE_SECONDS)
        return time.perf_counter() - began

    def do_nothing(self, tasks: int) -> float:
        """Tasks that do nothing; the seconds to do them all. Like our events, they are there before anybody begins."""
        os.killpg(self._worker.popen.pid, signal.SIGSTOP)
        for _ in range(tasks):
            self._celery.send_task(f"{PLAIN}.tasks.do_nothing", ignore_result=True)
        self._celery.send_task(f"{PLAIN}.tasks.all_told", args=(TOLD,), ignore_result=True)
        began = time.perf_counter()
        os.killpg(self._worker.popen.pid, signal.SIGCONT)
        assert self.database.rig.broker.blpop([TOLD], timeout=PATIENCE_SECONDS)
        return time.perf_counter() - began


@contextmanager
def ours(rig: Rig) -> Iterator[Ours]:
    with our_database(rig) as database, database.worker(OURS):
        yield Ours(database)


@contextmanager
def plain(rig: Rig) -> Iterator[Plain]:
    with plain_database(rig) as database, database.worker(PLAIN) as worker:
        yield Plain(database, worker)
