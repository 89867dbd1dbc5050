"""Backup and restore, tried: pg_dump of a system that is at work, pg_restore into an empty database, and every
invariant asked of what came out. `make test-extra PYTEST=-s` shows what it found."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.stack import application
from backend.stack.place import Place
from backend.stack.postgres import DATABASE, USER, start_postgres
from backend.stack.processes import PROJECT_ROOT
from backend.stack.supervisor import Supervisor
from backend.stack.unprivileged import find_programs
from backend.stack.valkey import start_valkey

pytestmark = pytest.mark.timeout(180)
TABLES = ("lesson", "lessonevent", "dispatch", "delivery", "deliveryattempt", "booking", "user", "chordrun")


class School:
    """A database with a history in it, and the programs that read it."""

    def __init__(self, supervisor: Supervisor, place: Place) -> None:
        self.place, self.programs = place, find_programs(place.sockets)
        settings = {"DATABASE_URL": start_postgres(supervisor, place), "REDIS_URL": start_valkey(supervisor, place)}
        settings |= {"SECRET_KEY": place.secret_key(), "ENVIRONMENT": "development"}
        self.environment = application.process_environment(settings, place)

    def manage(self, *arguments: str, database: str = DATABASE) -> subprocess.CompletedProcess[str]:
        url = self.environment["DATABASE_URL"].removesuffix(DATABASE) + database
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT_ROOT, env={**self.environment, "DATABASE_URL": url},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def postgres(self, program: str, *arguments: str | Path) -> str:
        command = (self.programs.directory / program, "--host", self.place.sockets / "pg", "--username", USER)
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, env=os.environ)
        return done.stdout

    def counts(self, database: str = DATABASE) -> dict[str, int]:
        ask = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM lessons_{name}" for name in TABLES)
        rows = self.postgres("psql", "--dbname", database, "--tuples-only", "--no-align", "--command", ask)
        return {name: int(number) for name, number in (line.split("|") for line in rows.splitlines())}


@pytest.fixture(scope="module")
def school() -> Iterator[School]:
    place = Place.throw_away()
    with Supervisor(place.directory, throw_away=place.everything) as supervisor:
        school = School(supervisor, place)
        for arguments in (("migrate", "--no-input"), ("seed_data", "--lessons", "40")):
            done = school.manage(*arguments)
            assert done.returncode == 0, done.stderr
        worker = supervisor.start(application.worker(), school.environment)
        supervisor.wait_until(lambda: worker.has_logged(" ready."), worker, within_seconds=60)
        for _ in range(2):
            assert school.manage("relay").returncode == 0
        yield school


def test_a_restored_backup_is_whole(school: School, tmp_path: Path) -> None:
    dump = tmp_path / "lessons.dump"
    before = school.counts()
    school.postgres("pg_dump", "--format=custom", "--file", dump, DATABASE)
    assert before["deliveryattempt"] > 0

    school.postgres("createdb", "restored")
    school.postgres("pg_restore", "--dbname", "restored", "--exit-on-error", "--single-transaction", dump)

    checked = school.manage("check_invariants", database="restored")
    after = school.counts("restored")
    print(f"\nbackup of {dump.stat().st_size:,} bytes; rows {after}\n{checked.stdout}")  # noqa: T201 - the drill's output
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert after["lesson"] == before["lesson"]
    assert all(after[name] >= before[name] for name in TABLES)
    assert school.manage("migrate", "--check", database="restored").returncode == 0


def test_what_the_restored_database_has_to_tell_is_told(school: School) -> None:
    """The broker knows nothing of it: the rows do."""
    for _ in range(3):
        done = school.manage("relay", database="restored")
        assert done.returncode == 0, done.stderr

    assert school.manage("check_invariants", database="restored").returncode == 0


def test_a_backup_that_lacks_something_is_found_out(school: School) -> None:
    school.postgres("createdb", "damaged", "--template", "restored")
    harm = "DELETE FROM lessons_booking WHERE id IN (SELECT id FROM lessons_booking LIMIT 1)"
    school.postgres("psql", "--dbname", "damaged", "--command", harm)

    checked = school.manage("check_invariants", database="damaged")

    assert checked.returncode == 1
    assert "BROKEN  everybody is booked exactly" in checked.stdout
