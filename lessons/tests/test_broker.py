"""The breaker: after a failure, the broker is left alone for a while."""

import time

import pytest
import redis
from pytest_django import Settings

from lessons import broker
from lessons.broker import UNREACHABLE, Breaker, connection
from lessons.tests.brokers import AWAY
from lessons.tests.proxy import Proxy
from lessons.tests.waiting import wait_until


def test_a_breaker_is_closed_at_first() -> None:
    assert not Breaker().is_open


def test_a_breaker_that_tripped_stays_open_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "MUTE_SECONDS", 0.2)
    breaker = Breaker()
    breaker.trip()

    assert breaker.is_open
    assert wait_until(lambda: not breaker.is_open) > 0.1


def test_a_breaker_can_be_reset() -> None:
    breaker = Breaker()
    breaker.trip()

    breaker.reset()

    assert not breaker.is_open


def test_the_connection_is_made_once() -> None:
    assert connection() is connection()
    assert connection().ping()


def test_a_new_connection_is_greeted_by_the_choice_of_its_database_alone(settings: Settings) -> None:
    """Every round trip before the first word is one that a request waits for."""
    with Proxy(settings.REDIS_URL) as proxy:
        settings.REDIS_URL = proxy.url
        proxy.delay(0.2)
        started = time.monotonic()
        connection.__wrapped__().ping()

    assert time.monotonic() - started < 3 * 0.4


@pytest.mark.parametrize("away", AWAY)
def test_every_way_of_being_away_is_known(away: str) -> None:
    with AWAY[away]() as url, pytest.raises(UNREACHABLE):
        redis.Redis.from_url(url, socket_timeout=0.1, socket_connect_timeout=0.1).ping()
