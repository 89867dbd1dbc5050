"""The embedded PostgreSQL: on a unix socket only, trusting whoever can enter the socket's directory."""

import os
import shutil
import signal
from pathlib import Path

import psycopg2

from backend.stack.errors import StackError
from backend.stack.place import Place
from backend.stack.processes import Command
from backend.stack.supervisor import Supervisor
from backend.stack.unprivileged import Programs, find_programs, give_to

DATABASE = "lessons"
USER = "lessons"
READY_WITHIN_SECONDS = 30.0
# Upper and lower case of every script, the same on every machine, without the system's locales.
LOCALE = ("--locale=C", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
# A crash of the machine may cost throw-away data: they are not waited for.
HASTY = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


def start_postgres(supervisor: Supervisor, place: Place) -> str:
    """Starts the server, on a new cluster if there is none yet; returns the URL of the database.

    The URL has django-environ's form for a socket's directory: `postgres://USER@/DIRECTORY/NAME`, the
    directory with its own leading slash.
    """
    programs = find_programs(place.sockets)
    # What `nobody` is to write lies where it can go, however closed the project's directory is.
    parent = place.sockets if programs.user else place.directory
    data = _ensure_cluster(supervisor, programs, parent)
    give_to(programs.user, sockets := place.sockets / "pg")
    server = supervisor.start(_server(programs, data, sockets, place), dict(os.environ))
    supervisor.wait_until(lambda: _answers(sockets), server, within_seconds=READY_WITHIN_SECONDS)
    _ensure_database(sockets)
    return f"postgres://{USER}@/{sockets}/{DATABASE}"


def _ensure_cluster(supervisor: Supervisor, programs: Programs, parent: Path) -> Path:
    """The data directory; an interrupted initdb leaves none."""
    data, unfinished = parent / "postgres", parent / "postgres.unfinished"
    if not data.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        give_to(programs.user, unfinished)
        settings = ("--username", USER, "--auth", "trust", "--no-sync", *LOCALE)
        arguments = programs.command("initdb", "--pgdata", unfinished, *settings)
        command = Command(name="initdb", arguments=arguments, user=programs.user)
        process = supervisor.run(command, dict(os.environ))
        if process.popen.returncode != 0:
            raise StackError(f"initdb failed:\n{process.log_tail()}")
        unfinished.rename(data)
    return data


def _server(programs: Programs, data: Path, sockets: Path, place: Place) -> Command:
    settings = ("-c", "listen_addresses=", "-k", sockets, "-c", "timezone=UTC")
    speed = () if place.keeps_data else HASTY
    return Command(
        name="postgres",
        arguments=programs.command("postgres", "-D", data, *settings, *speed),
        stop_signal=signal.SIGINT,  # a fast shutdown: it does not wait for clients to leave
        stop_within_seconds=5.0,
        user=programs.user,
    )


def _answers(sockets: Path) -> bool:
    try:
        psycopg2.connect(host=str(sockets), user=USER, dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _ensure_database(sockets: Path) -> None:
    connection = psycopg2.connect(host=str(sockets), user=USER, dbname="postgres")
    try:
        connection.autocommit = True  # a database cannot be made in a transaction
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()
