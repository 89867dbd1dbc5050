"""The machine of the bench: one PostgreSQL and one Valkey for all, a database per side, processes that come and go.

The database writes through to the disk, as in production: what is measured is durable.
"""

import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import urlopen

import redis

from backend.addresses import for_kombu
from backend.stack import application
from backend.stack.ports import HOST, Ports
from backend.stack.processes import Command, Process
from backend.stack.valkey import start_valkey
from benchmarks import people
from lessons.tests.cluster import EmbeddedCluster

READY_WITHIN_SECONDS = 60.0
TEMPLATE = "bench_template"
OURS, PLAIN, BARE = "backend", "benchmarks.yardsticks.plain", "benchmarks.yardsticks.bare"
SITES = {OURS: "backend.wsgi:application", PLAIN: f"{PLAIN}.site:application", BARE: f"{BARE}:application"}


class Rig:
    """A context: leaving it ends every process started in it, and drops all data."""

    def __init__(self) -> None:
        self._cluster = EmbeddedCluster(TEMPLATE, self._prepare)
        self._names = count(1)

    def __enter__(self) -> Self:
        self._cluster.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cluster.__exit__(kind, error, trace)

    def _prepare(self, cluster: EmbeddedCluster) -> None:
        """The broker; and the template: our tables, and people."""
        self.redis_url = start_valkey(cluster.supervisor, cluster.place)
        self.broker = redis.Redis.from_url(self.redis_url, socket_timeout=None)
        database = Database(self, TEMPLATE)
        database.run("manage.py", "migrate", "--no-input")
        database.query(people.OURS)
        database.query("VACUUM ANALYZE")
        database.close()

    @contextmanager
    def database(self, name: str, *, template: str = TEMPLATE) -> Iterator["Database"]:
        """A copy of the template; for the plain design an empty one of PostgreSQL's."""
        with self._cluster.database(name, template=template):
            yield Database(self, name)

    def connect(self, name: str) -> Any:
        """A connection past the application: rows are named tuples, every statement commits."""
        return self._cluster.connect(name)

    # --- Processes ---------------------------------------------------------------------------------

    def environment(self, database: str) -> dict[str, str]:
        settings = {
            "ENVIRONMENT": "development",
            "SECRET_KEY": self._cluster.place.secret_key(),
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": self._cluster.url(database),
            "REDIS_URL": self.redis_url,
            "CACHE_URL": self.redis_url,
            "CELERY_BROKER_URL": for_kombu(self.redis_url),
            "CELERY_RESULT_BACKEND": for_kombu(self.redis_url),
            "NOTIFICATION_CHANNELS": "log",
            "API_REQUESTS_PER_MINUTE": "1000000",  # counted all the same: the round trip is part of a request
            "SENTRY_DSN": "",
            "DJANGO_SETTINGS_MODULE": "backend.settings",
        }
        return application.process_environment(settings, self._cluster.place)

    def run(self, command: Command, environment: dict[str, str]) -> Process:
        process = self._cluster.supervisor.run(self._named(command), environment)
        if process.popen.returncode != 0:
            process.refuse_dead()
        return process

    def start(self, command: Command, environment: dict[str, str]) -> Process:
        return self._cluster.supervisor.start(self._named(command), environment)

    def start_beat(self, environment: dict[str, str]) -> Process:
        return self.start(application.beat(self._cluster.place), environment)

    def stop(self, process: Process) -> None:
        self._cluster.supervisor.stop(process)

    def wait_until(self, condition: Callable[[], object], *, within_seconds: float, what: str) -> float:
        """The seconds that it took; TimeoutError when it does not come true."""
        began = time.perf_counter()
        while not condition():
            self._cluster.supervisor.refuse_dead()
            if time.perf_counter() - began > within_seconds:
                raise TimeoutError(f"{what}: not within {within_seconds:g} s")
            time.sleep(0.005)
        return time.perf_counter() - began

    def _named(self, command: Command) -> Command:
        return dataclasses.replace(command, name=f"{command.name}-{next(self._names)}", stop_within_seconds=0.5)


class Database:
    """One side's database, and the processes that work on it."""

    def __init__(self, rig: Rig, name: str) -> None:
        self.rig, self.name = rig, name
        self.environment = rig.environment(name)
        self._connection: Any = None

    def query(self, statement: str, **parameters: Any) -> list[Any]:
        """Rows as named tuples; [] for a statement that has none."""
        if self._connection is None:
            self._connection = self.rig.connect(self.name)
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall()) if cursor.description else []

    def value(self, statement: str, **parameters: Any) -> Any:
        return self.query(statement, **parameters)[0][0]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def run(self, *arguments: str) -> str:
        """A Python program to its end; what it printed."""
        command = Command(name=arguments[-1].rpartition(".")[2], arguments=(sys.executable, *arguments))
        return self.rig.run(command, self.environment).log.read_text()

    @contextmanager
    def site(self, application_name: str) -> Iterator[int]:
        """Gunicorn with one of `SITES`, the options of all being the demo's; yields its port."""
        ports = Ports.free()
        command = application.web(ports)
        arguments = [SITES[application_name] if word == SITES[OURS] else word for word in command.arguments]
        process = self.rig.start(dataclasses.replace(command, arguments=tuple(arguments)), self.environment)
        try:
            self.rig.wait_until(lambda: _answers(ports.web), within_seconds=READY_WITHIN_SECONDS, what="the site")
            yield ports.web
        finally:
            self.rig.stop(process)

    @contextmanager
    def worker(self, application_name: str = OURS) -> Iterator[Process]:
        """The demo's worker and beat; a yardstick's worker has one queue, no events to send, and no need of beat."""
        command = application.worker()
        arguments = [application_name if word == OURS else word for word in command.arguments]
        if application_name != OURS:
            queues = arguments.index("--queues")
            arguments[queues : queues + 2] = []
            arguments.remove("--task-events")
        worker = self.rig.start(dataclasses.replace(command, arguments=tuple(arguments)), self.environment)
        others = [self.rig.start_beat(self.environment)] if application_name == OURS else []
        try:
            self.rig.wait_until(
                lambda: worker.has_logged(" ready."), within_seconds=READY_WITHIN_SECONDS, what="a worker"
            )
            yield worker
        finally:
            for process in (*others, worker):
                self.rig.stop(process)


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{port}/livez", timeout=5):
            return True
    except HTTPError:
        return True  # it speaks HTTP
    except OSError:
        return False
