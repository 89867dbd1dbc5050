"""The PostgreSQL server of the drills: one for all of them, each with a database of its own.

One that we start; or the one that DATABASE_URL names, which was there before and stays.
"""

import dataclasses
import os
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import psycopg2
from psycopg2.extras import NamedTupleCursor

from backend.stack.place import Place
from backend.stack.postgres import DATABASE, USER, start_postgres
from backend.stack.processes import Command, Process
from backend.stack.supervisor import Supervisor

STUDENTS = 10
TEMPLATE = "drill_template"

# What became of each delivery, step by step: the rows alone tell only where it ended.
AUDIT = """
CREATE TABLE drill_step (
    delivery_id bigint, was text, became text, lease_until timestamptz, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION drill_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO drill_step VALUES (NEW.id, OLD.state, NEW.state, OLD.lease_until); RETURN NULL; END $$;
CREATE TRIGGER drill_note AFTER UPDATE ON lessons_delivery FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION drill_note();
"""


def cluster() -> "Cluster":
    url = os.environ.get("DATABASE_URL")
    return BorrowedCluster(url) if url else EmbeddedCluster()


class Cluster(ABC):
    """A server, for as long as the block lasts."""

    def __init__(self) -> None:
        self._place = dataclasses.replace(Place.throw_away(), keeps_data=True)  # writes through to its files
        self._supervisor = Supervisor(self._place.directory, throw_away=self._place.everything)

    @abstractmethod
    def start(self) -> None:
        """Returns when it answers; after an immediate stop that includes its recovery."""

    @abstractmethod
    def stop_immediately(self) -> None:
        """No checkpoint, no goodbye, every connection cut."""

    @abstractmethod
    def url(self, name: str) -> str:
        """The database of that name, for the application."""

    @abstractmethod
    def connect(self, name: str) -> Any:
        """A connection of the observer's: rows come as named tuples, every statement commits."""

    def __enter__(self) -> Self:
        self._supervisor.__enter__()
        try:
            self.start()
            self._prepare()
        except BaseException:
            self._supervisor.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._maintain(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
        self._supervisor.__exit__(kind, error, trace)

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """A new database with tables and people; yields its URL."""
        self._maintain(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # an earlier run was killed
        self._maintain(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            yield self.url(name)
        finally:
            self._maintain(f"DROP DATABASE {name} WITH (FORCE)")

    def _prepare(self) -> None:
        """The database from which those of the drills are copied."""
        self._maintain(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
        self._maintain(f"CREATE DATABASE {TEMPLATE}")
        environment = {**os.environ, "ENVIRONMENT": "test", "SECRET_KEY": self._place.secret_key()}
        nobody = "redis://127.0.0.1:1/0"  # who would be told of the people that are made
        environment |= {"DATABASE_URL": self.url(TEMPLATE), "REDIS_URL": nobody, "CELERY_BROKER_URL": nobody}
        for arguments in (("migrate",), ("seed_data", "--lessons", "0", "--students", str(STUDENTS))):
            command = Command(name=arguments[0], arguments=(sys.executable, "manage.py", *arguments))
            process = self._supervisor.run(command, environment)
            assert process.popen.returncode == 0, process.log_tail()
        self._execute(TEMPLATE, AUDIT)

    def _maintain(self, statement: str) -> None:
        self._execute("postgres", statement)

    def _execute(self, name: str, statement: str) -> None:
        connection = self.connect(name)
        connection.cursor().execute(statement)
        connection.close()


class EmbeddedCluster(Cluster):
    """Our own, which can be stopped."""

    _server: Process

    def start(self) -> None:
        self._url = start_postgres(self._supervisor, self._place)
        self._server = self._supervisor.named("postgres")

    def stop_immediately(self) -> None:
        """As `pg_ctl stop -m immediate`."""
        os.kill(self._server.popen.pid, signal.SIGQUIT)
        self._server.popen.wait()
        self._supervisor.stop(self._server)

    def url(self, name: str) -> str:
        return f"{self._url.removesuffix(DATABASE)}{name}"

    def connect(self, name: str) -> Any:
        return _observing(host=str(self._place.sockets / "pg"), user=USER, dbname=name)


class BorrowedCluster(Cluster):
    """Somebody else's: instead of stopping it, its doors to the drills' databases are shut on everybody."""

    DOORS = "UPDATE pg_database SET datallowconn = {} WHERE datname LIKE 'drill\\_%' AND datname <> '" + TEMPLATE + "'"
    OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'drill\\_%'"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._server_url = url.partition("?")[0].rpartition("/")[0]

    def start(self) -> None:
        self._maintain(self.DOORS.format("true"))

    def stop_immediately(self) -> None:
        self._maintain(self.DOORS.format("false"))
        self._maintain(self.OUT)

    def url(self, name: str) -> str:
        return f"{self._server_url}/{name}"

    def connect(self, name: str) -> Any:
        return _observing(dsn=self.url(name))


def _observing(**where: str) -> Any:
    connection = psycopg2.connect(cursor_factory=NamedTupleCursor, **where)
    connection.autocommit = True
    return connection
