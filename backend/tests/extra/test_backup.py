"""Backup and restore, tried: pg_dump of a system that is at work, pg_restore into an empty database, and every
invariant asked of what came out. `make test-extra PYTEST=-s` shows what it found."""

import os
import re
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
from backend.tests.deployment.compose import ROOT

pytestmark = pytest.mark.timeout(180)
# Events that are no messages yet, messages that wait, that were handed out, and that somebody is sending.
AT_WORK = """
from django.db.models import F
from django.db.models.functions import Now
from lessons.models import Delivery
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import claim
from lessons.notifications.expand import expand
expand(8), claim(REGISTRY["log"])
first, second, *_ = Delivery.objects.filter(state="leased").values_list("pk", flat=True)
Delivery.objects.filter(pk=first).update(taken_at=Now(), attempt_count=F("attempt_count") + 1)
Delivery.objects.filter(pk=second).update(state="pending", run=None, lease_until=None)
"""
STATES = "SELECT string_agg(DISTINCT state, ' ' ORDER BY state) FROM lessons_delivery"
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

    def ask(self, question: str, database: str) -> str:
        return self.postgres("psql", "--dbname", database, "--tuples-only", "--no-align", "--command", question).strip()

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


def test_by_the_runbooks_words_nobody_is_told_of_the_past(school: School) -> None:
    """What was due when the backup was made is skipped, and nothing is left to do."""
    (words,) = re.findall(r"```sql\n(.+?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL)
    school.postgres("createdb", "silent", "--template", "restored")
    for arguments in (("seed_data", "--lessons", "60"), ("shell", "--command", AT_WORK)):
        done = school.manage(*arguments, database="silent")
        assert done.returncode == 0, done.stderr
    assert {"leased", "pending", "sent"} <= set(school.ask(STATES, "silent").split())

    school.postgres("psql", "--dbname", "silent", "--set", "ON_ERROR_STOP=1", "--command", words)

    assert "expanded 0, launched 0 runs" in school.manage("relay", database="silent").stdout
    assert school.ask(STATES, "silent") == "sent skipped"
    assert school.ask("SELECT count(*) FROM lessons_dispatch WHERE settled_at IS NULL", "silent") == "0"
    checked = school.manage("check_invariants", database="silent")
    assert checked.returncode == 0, checked.stdout


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
