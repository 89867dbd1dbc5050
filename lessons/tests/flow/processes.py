"""The application's own processes, on the test's database and broker; ended with everything they started."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Self

from django.conf import settings
from django.db import connection

from backend.stack.processes import Command, Process
from backend.stack.supervisor import Supervisor
from lessons.tests.brokers import Addresses
from lessons.tests.queues import QUEUES

READY_WITHIN_SECONDS = 30.0
WORKER = (
    *("--concurrency", "4", "--queues", ",".join(QUEUES), "--task-events", "--loglevel", "INFO"),
    *("--without-mingle", "--without-gossip"),
)


class Processes:
    """Starts workers and relays; `settings` are theirs beside the surroundings."""

    def __init__(self, supervisor: Supervisor, **settings: str) -> None:
        self._supervisor, self._settings = supervisor, settings
        self._names = count(1)
        self._running: list[Process] = []

    def start_worker(self, *program: str, **settings: str) -> Process:
        """A Celery worker that is ready to take tasks; `program`: what Python runs instead of Celery's."""
        worker = self._start(
            "worker", *(program or ("-m", "celery")), "--app", "backend", "worker", *WORKER, **settings
        )
        self._supervisor.wait_until(lambda: worker.has_logged(" ready."), worker, within_seconds=READY_WITHIN_SECONDS)
        return worker

    def start_relay(self, **settings: str) -> Process:
        """`manage.py relay --loop`, which does what beat does; ready once its first pass can be read in its log."""
        relay = self._start("relay", "manage.py", "relay", "--loop", **settings)
        self._supervisor.wait_until(lambda: relay.has_logged("expanded"), relay, within_seconds=READY_WITHIN_SECONDS)
        return relay

    @contextmanager
    def of_one_test(self) -> Iterator[Self]:
        """All that is started in the block ends with it."""
        before = list(self._running)
        try:
            yield self
        finally:
            for process in [process for process in self._running if process not in before]:
                self._running.remove(process)
                self._supervisor.stop(process)

    def kill(self, process: Process) -> None:
        """Without warning, its children included: nobody is left to put anything in order."""
        self._running.remove(process)
        os.killpg(process.popen.pid, signal.SIGKILL)
        self._supervisor.stop(process)

    def _start(self, name: str, *arguments: str, **settings: str) -> Process:
        # Whoever is stopped has nothing in hand, and need not be asked for long.
        command = Command(
            name=f"{name}-{next(self._names)}", arguments=(sys.executable, *arguments), stop_within_seconds=0.3
        )
        process = self._supervisor.start(command, {**_surroundings(), **self._settings, **settings})
        self._running.append(process)
        return process


def _surroundings() -> dict[str, str]:
    """The test database has another name than the one in DATABASE_URL, and each of xdist's workers its own broker."""
    server = os.environ["DATABASE_URL"].partition("?")[0].rpartition("/")[0]
    return {
        **os.environ,
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        **Addresses.of(settings).environment(),
        "PYTHONUNBUFFERED": "",  # as in anybody's shell: what they say is seen at once all the same
    }
