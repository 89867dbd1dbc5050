"""A PostgreSQL server for drills and measurements: databases by the dozen, each a copy of one that was prepared."""

import dataclasses
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import psycopg2
from psycopg2.extras import NamedTupleCursor

from backend.stack.place import Place
from backend.stack.postgres import DATABASE, USER, start_postgres
from backend.stack.processes import Process
from backend.stack.supervisor import Supervisor


class Cluster(ABC):
    """A context: a server, and processes beside it, for as long as the block lasts.

    `prepare` is called once, when the `template` has been made and is still empty.
    """

    def __init__(self, template: str, prepare: Callable[[Any], None]) -> None:
        self.template, self._prepare = template, prepare
        self.place = dataclasses.replace(Place.throw_away(), keeps_data=True)  # writes through to its files
        self.supervisor = Supervisor(self.place.directory, throw_away=self.place.everything)

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
        self.supervisor.__enter__()
        try:
            self.start()
            self.maintain(f"DROP DATABASE IF EXISTS {self.template} WITH (FORCE)")  # an earlier run was killed
            self.maintain(f"CREATE DATABASE {self.template}")
            self._prepare(self)
        except BaseException:
            self.supervisor.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.maintain(f"DROP DATABASE IF EXISTS {self.template} WITH (FORCE)")
        self.supervisor.__exit__(kind, error, trace)

    @contextmanager
    def database(self, name: str, *, template: str = "") -> Iterator[str]:
        """A new database, a copy of ours unless another template is named; yields its URL."""
        self.maintain(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # an earlier run was killed
        self.maintain(f"CREATE DATABASE {name} TEMPLATE {template or self.template}")
        try:
            yield self.url(name)
        finally:
            self.maintain(f"DROP DATABASE {name} WITH (FORCE)")

    def maintain(self, statement: str) -> None:
        self.execute("postgres", statement)

    def execute(self, name: str, statement: str) -> None:
        connection = self.connect(name)
        connection.cursor().execute(statement)
        connection.close()


class EmbeddedCluster(Cluster):
    """Our own, which can be stopped."""

    _server: Process

    def start(self) -> None:
        self._url = start_postgres(self.supervisor, self.place)
        self._server = self.supervisor.named("postgres")

    def stop_immediately(self) -> None:
        """As `pg_ctl stop -m immediate`."""
        os.kill(self._server.popen.pid, signal.SIGQUIT)
        self._server.popen.wait()
        self.supervisor.stop(self._server)

    def url(self, name: str) -> str:
        return f"{self._url.removesuffix(DATABASE)}{name}"

    def connect(self, name: str) -> Any:
        return observing(host=str(self.place.sockets / "pg"), user=USER, dbname=name)


def observing(**where: str) -> Any:
    connection = psycopg2.connect(cursor_factory=NamedTupleCursor, **where)
    connection.autocommit = True
    return connection
