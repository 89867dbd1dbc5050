"""Is this process alive; is the system ready: each part is named, and only what requests need makes it unready."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from lessons import heartbeat
from lessons.broker import connection as connection_to_redis

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


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_everything_beats")
def test_without_the_database_it_is_unready() -> None:
    real = connection.settings_dict
    connection.close()
    connection.settings_dict = {**real, "HOST": "/nowhere"}
    try:
        body = ready(503)
    finally:
        connection.settings_dict = real
        connection.close()

    assert (body["status"], failing(body)) == ("unready", ["database", "migrations"])
    assert "/nowhere" not in str(body)


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_beats")
def test_with_a_migration_missing_it_is_unready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    body = ready(503)

    assert (body["status"], failing(body)) == ("unready", ["migrations"])
    assert "1 to be applied" in body["parts"]["migrations"]["problem"]
