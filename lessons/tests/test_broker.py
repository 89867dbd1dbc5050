"""The breaker: after a failure, the broker is left alone for a while."""

import pytest
import redis

from lessons import broker
from lessons.broker import UNREACHABLE, Breaker, connection
from lessons.tests.brokers import AWAY
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


@pytest.mark.parametrize("away", AWAY)
def test_every_way_of_being_away_is_known(away: str) -> None:
    with AWAY[away]() as url, pytest.raises(UNREACHABLE):
        redis.Redis.from_url(url, socket_timeout=0.1, socket_connect_timeout=0.1).ping()
