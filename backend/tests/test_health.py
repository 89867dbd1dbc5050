"""Is this process alive; is the system ready: each part is named, and only what requests need makes it unready."""

import socket
import threading
import time
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from backend import health
from lessons import heartbeat
from lessons.broker import connection as connection_to_redis
from lessons.tests.waiting import wait_until

PARTS = ["database", "migrations", "broker", "worker", "relay"]


def ready(status: int = 200) -> dict[str, Any]:
    response = Client().get("/readyz")
    assert response.status_code == status
    body: dict[str, Any] = response.json()
    assert list(body["parts"]) == PARTS
    assert all(part["milliseconds"] >= 0 for part in body["parts"].values())
    return body


def failing(body: dict[str, Any]) -> list[str]:
    return [name for name, part in body["parts"].items() if part["status"] == "failing"]


@pytest.fixture
def _everything_beats() -> None:
    connection_to_redis().flushdb()
    heartbeat.beat(heartbeat.WORKER)
    heartbeat.beat(heartbeat.RELAY)


def test_a_process_that_answers_is_alive() -> None:
    """Without a database: this test may not use one."""
    response = Client().get("/livez")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_health_is_only_asked_for(address: str) -> None:
    assert Client().post(address).status_code == 405


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_beats")
def test_a_system_with_all_its_parts_is_ok() -> None:
    body = ready()

    assert (body["status"], failing(body)) == ("ok", [])
    assert "no-store" in Client().get("/readyz")["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_beats")
@pytest.mark.parametrize("part", [heartbeat.WORKER, heartbeat.RELAY])
def test_without_a_sign_of_life_it_is_degraded(part: str) -> None:
    connection_to_redis().delete(f"heartbeat:{part}")

    body = ready()

    assert (body["status"], failing(body)) == ("degraded", [part])
    assert "running?" in body["parts"][part]["problem"]


@pytest.mark.django_db
def test_without_the_broker_it_is_degraded(settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    connection_to_redis.cache_clear()

    try:
        body = ready()
    finally:
        connection_to_redis.cache_clear()

    assert (body["status"], failing(body)) == ("degraded", ["broker", "worker", "relay"])
    assert {body["parts"][name]["problem"] for name in failing(body)} == {"ConnectionError"}


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_beats")
def test_without_the_database_it_is_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    body = ready(503)

    assert (body["status"], failing(body)) == ("unready", ["database", "migrations"])
    assert "/nowhere" not in str(body)


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_beats")
def test_with_a_migration_missing_it_is_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = MigrationRecorder.applied_migrations
    monkeypatch.setattr(
        MigrationRecorder,
        "applied_migrations",
        lambda recorder: {key: row for key, row in applied(recorder).items() if key != ("sessions", "0001_initial")},
    )

    body = ready(503)

    assert (body["status"], failing(body)) == ("unready", ["migrations"])
    assert "1 to be applied" in body["parts"]["migrations"]["problem"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_beats")
def test_a_part_that_hangs_is_waited_for_until_its_deadline_and_not_asked_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls, wake_up = [], threading.Event()

    def hang() -> str:
        calls.append(1)
        wake_up.wait(10)
        return ""

    monkeypatch.setitem(health.PARTS, "broker", health.Part(hang, 0.2))
    started = time.monotonic()
    first, second = ready(), ready()
    seconds = time.monotonic() - started
    wake_up.set()

    assert (first["status"], failing(first), failing(second)) == ("degraded", ["broker"], ["broker"])
    assert first["parts"]["broker"]["problem"] == "no answer within 0.2 s"
    assert (len(calls), 0.4 <= seconds < 3) == (1, True)


@pytest.mark.django_db
def test_a_database_that_never_says_a_word_is_given_up_after_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", silent.getsockname()[1])
        started = time.monotonic()
        body = ready(503)
        seconds = time.monotonic() - started
        wait_until(lambda: all(part._asked is None or part._asked.done() for part in health.PARTS.values()))

    assert body["parts"]["database"]["problem"] == "no answer within 2 s"
    assert seconds < 4


@pytest.mark.parametrize("host", ["127.0.0.1", "app:8000", "nobody.example"])
def test_probes_come_under_any_name_and_over_plain_http(host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["school.example"], True

    assert Client(headers={"Host": host}).get("/livez").status_code == 200
    assert Client(headers={"Host": host}).get("/").status_code == 400
