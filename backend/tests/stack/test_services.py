"""The embedded services: what they offer while they run, and what is left when they do not."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import environ  # type: ignore[import-untyped]
import psycopg2  # type: ignore[import-untyped]
import pytest
import redis
from rich.console import Console

from backend.stack.demo import reset
from backend.stack.errors import StackError
from backend.stack.private_directory import private_directory
from backend.tests.stack.runs import RunningServices
from lessons.tests.waiting import wait_until


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "demo"
    yield directory
    shutil.rmtree(private_directory(directory))


def query(services: RunningServices, sql: str) -> list[tuple[object, ...]]:
    database = environ.Env.db_url_config(services.settings["DATABASE_URL"])
    connection = psycopg2.connect(host=database["HOST"], user=database["USER"], dbname=database["NAME"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor) if cursor.description else []
    finally:
        connection.close()


def test_they_answer_at_the_addresses_in_their_file_until_they_are_stopped(directory: Path) -> None:
    services = RunningServices(directory)
    file = directory / "services.env"

    assert query(services, "SELECT upper('ёлка'), current_setting('fsync')") == [("ЁЛКА", "on")]
    assert redis.Redis.from_url(services.settings["REDIS_URL"]).ping()
    assert file.stat().st_mode & 0o777 == 0o600

    assert services.stop() == 0
    assert services.survivors() == []
    assert not file.exists()


def test_a_killed_stack_leaves_no_process_and_no_settings(directory: Path) -> None:
    services = RunningServices(directory)

    services.kill()

    wait_until(lambda: services.survivors() == [])
    assert not (directory / "services.env").exists()


def test_the_next_start_ends_what_a_killed_watchdog_could_not_and_keeps_the_data(directory: Path) -> None:
    services = RunningServices(directory)
    query(services, "CREATE TABLE kept AS SELECT 1 AS lesson")
    services.kill_watchdog()
    services.kill()
    assert services.survivors() != []
    (directory / "services.env").unlink()

    again = RunningServices(directory)

    assert services.survivors() == []
    assert query(again, "SELECT lesson FROM kept") == [(1,)]
    again.stop()


def test_reset_is_refused_while_they_run_and_then_drops_the_data(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_DIR", str(directory))
    services = RunningServices(directory)

    with pytest.raises(StackError, match=f"a stack is running in {directory}"):
        reset(Console())

    assert services.survivors() == services.family
    services.stop()
    reset(Console())
    assert not directory.exists()
