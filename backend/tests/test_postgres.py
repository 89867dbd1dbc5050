"""Kept connections: used again without a question while the server is there, and let go once it has said goodbye."""

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _kept() -> Iterator[None]:
    """As after a request: the connection is there, and has been used."""
    connection.ensure_connection()
    ask("SELECT 1")
    connection.health_check_done = False
    yield
    connection.close()


def ask(question: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def end_connection() -> None:
    """What a server does that is stopped, or that loses patience."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ask("SELECT pg_backend_pid()")])
    other.close()
    connection.health_check_done = False


@pytest.mark.usefixtures("_kept")
def test_a_connection_that_is_well_is_used_again_without_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda _: pytest.fail("the server was asked"))
    kept = connection.connection

    connection.close_if_health_check_failed()

    assert ask("SELECT 42") == 42
    assert connection.connection is kept


@pytest.mark.usefixtures("_kept")
def test_a_connection_that_the_server_has_ended_is_opened_anew() -> None:
    end_connection()

    assert not connection.is_usable()
    assert ask("SELECT 42") == 42


@pytest.mark.usefixtures("_kept")
def test_after_an_error_the_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda _: asked.append(True) or True)
    connection.errors_occurred = True

    connection.close_if_unusable_or_obsolete()

    assert asked == [True]
    assert not connection.errors_occurred


@pytest.mark.usefixtures("_kept")
def test_looking_costs_next_to_nothing() -> None:
    began = time.process_time()
    for _ in range(100):
        assert connection.is_usable()

    assert time.process_time() - began < 0.05
