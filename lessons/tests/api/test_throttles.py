"""How many requests one user may make in a minute; and that nobody is kept out by a Redis that is away."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from redis.connection import AbstractConnection

from lessons.api import throttles
from lessons.broker import breaker, connection
from lessons.models import User
from lessons.tests.api.client import api, problem
from lessons.tests.brokers import AWAY, broker_at

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"
NOON = datetime(2027, 9, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests() -> None:
    """Each begins with an empty Redis, and their people have the same ids."""
    throttles._begin.cache_clear()


@pytest.fixture
def five_a_minute(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 5


def answers(person: User, number: int) -> list[int]:
    client = api(person)
    return [client.get(ME).status_code for _ in range(number)]


def test_twelve_hundred_are_allowed_by_default(settings: Any) -> None:
    assert settings.API_REQUESTS_PER_MINUTE == 1200


@time_machine.travel(NOON, tick=False)
def test_one_too_many_is_told_when_to_come_back(five_a_minute: None, alice: User, bob: User) -> None:
    assert answers(alice, 5) == [200] * 5

    response = api(alice).get(ME)

    problem(response, 429, "throttled", None)
    assert 60 <= int(response["Retry-After"]) <= 90
    assert answers(bob, 1) == [200]


def test_the_window_slides(five_a_minute: None, alice: User) -> None:
    with time_machine.travel(NOON.replace(second=59), tick=False):
        assert answers(alice, 5) == [200] * 5
    with time_machine.travel(NOON.replace(minute=1, second=1), tick=False):
        assert answers(alice, 1) == [429]
    with time_machine.travel(NOON.replace(minute=1, second=50), tick=False):
        assert answers(alice, 1) == [200]
    with time_machine.travel(NOON.replace(minute=5), tick=False):
        assert answers(alice, 6) == [200] * 5 + [429]


@pytest.mark.parametrize("at", [0, 30, 59])
def test_who_comes_back_when_told_is_let_in(at: int, five_a_minute: None, alice: User) -> None:
    now = NOON.replace(second=at)
    with time_machine.travel(now, tick=False):
        answers(alice, 5)
        wait = int(api(alice).get(ME)["Retry-After"])
    with time_machine.travel(now.timestamp() + wait, tick=False):
        assert answers(alice, 1) == [200]


def test_a_limit_of_nothing_is_no_limit(settings: Any, alice: User) -> None:
    settings.API_REQUESTS_PER_MINUTE = 0

    assert answers(alice, 8) == [200] * 8
    assert not connection().keys("requests:*")


def test_who_is_not_logged_in_is_not_counted(five_a_minute: None) -> None:
    assert [api().get(ME).status_code for _ in range(7)] == [401] * 7
    assert not connection().keys("requests:*")


@pytest.mark.parametrize("where", AWAY)
def test_while_redis_is_away_everybody_is_let_through_and_waits_once(
    where: str, five_a_minute: None, alice: User, settings: Any
) -> None:
    with broker_at(AWAY[where], settings, within_seconds=2.5):
        assert answers(alice, 8) == [200] * 8
        assert breaker.is_open


def test_a_request_costs_one_round_trip(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    api(alice).get(ME)  # connects
    sent: list[Any] = []
    send = AbstractConnection.send_packed_command

    def note(self: Any, command: Any, *args: Any, **kwargs: Any) -> None:
        sent.append(command)
        send(self, command, *args, **kwargs)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", note)
    api(alice).get(ME)

    assert len(sent) == 1


def test_what_is_counted_is_forgotten_by_itself(alice: User) -> None:
    api(alice).get(ME)

    (key,) = connection().keys("requests:*")
    assert 0 < connection().ttl(key) <= 120
