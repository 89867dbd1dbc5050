"""The PostgreSQL server of the drills: one for all of them, each with a database of its own."""

import dataclasses
import os
import signal
import sys
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

# What became of each delivery, step by step: the rows alone tell only where it ended.
AUDIT = """
CREATE TABLE drill_step (
    delivery_id bigint, was text, became text, lease_until timestamptz, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION drill_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO drill_step VALUES (NEW.id, OLD.state, NEW.state, OLD.lease_until); RETURN NULL; END $$;
CREATE TRIGGER drill_note AFTER UPDATE ON lessons_delivery FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION drill_note();
"""


class Cluster:
    """A server that writes through to its files, so that an immediate stop is what it would be in production."""

    def __init__(self) -> None:
        self._place = dataclasses.replace(Place.throw_away(), keeps_data=True)
        self._supervisor = Supervisor(self._place.directory, throw_away=self._place.everything)
        self._server: Process | None = None

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
        self._supervisor.__exit__(kind, error, trace)

    def start(self) -> None:
        """Returns when it answers; after an immediate stop that includes its recovery."""
        self._url = start_postgres(self._supervisor, self._place)
        self._server = self._supervisor.named("postgres")

    def stop_immediately(self) -> None:
        """As `pg_ctl stop -m immediate`: no checkpoint, no goodbye, every connection cut."""
        assert self._server is not None
        os.kill(self._server.popen.pid, signal.SIGQUIT)
        self._server.popen.wait()
        self._supervisor.stop(self._server)

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """A new database with tables and people; yields its URL."""
        self._maintain(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
        try:
            yield self.url(name)
        finally:
            self._maintain(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        return f"{self._url.rpartition('/')[0]}/{name}"

    def connect(self, name: str) -> Any:
        """A connection of the observer's: rows come as named tuples, every statement commits."""
        connection = psycopg2.connect(
            host=str(self._place.sockets / "pg"), user=USER, dbname=name, cursor_factory=NamedTupleCursor
        )
        connection.autocommit = True
        return connection

    def _prepare(self) -> None:
        """The database from which those of the drills are copied."""
        environment = {**os.environ, "ENVIRONMENT": "test", "SECRET_KEY": self._place.secret_key()}
        environment |= {"DATABASE_URL": self._url, "REDIS_URL": "redis://127.0.0.1:1/0"}  # nobody is told of anything
        for arguments in (("migrate",), ("seed_data", "--lessons", "0", "--students", str(STUDENTS))):
            command = Command(name=arguments[0], arguments=(sys.executable, "manage.py", *arguments))
            process = self._supervisor.run(command, environment)
            assert process.popen.returncode == 0, process.log_tail()
        connection = self.connect(DATABASE)
        connection.cursor().execute(AUDIT)
        connection.close()

    def _maintain(self, statement: str) -> None:
        connection = self.connect("postgres")
        connection.cursor().execute(statement)
        connection.close()
