"""Counters in Redis: they grow, and never get in anybody's way."""

from pytest_django import Settings

from lessons.broker import connection
from lessons.counters import count, counted, histogram
from lessons.tests.brokers import black_holed, broker_at, refused


def test_they_add_up() -> None:
    count({"a": 1, "b": 0.5})
    count({"a": 2, "c": 0})

    assert counted() == {"a": 3.0, "b": 0.5}


def test_they_begin_anew_where_redis_has_lost_them() -> None:
    count({"a": 1})
    connection().flushdb()

    assert counted() == {}


def test_nobody_is_held_up_where_redis_is_away(settings: Settings) -> None:
    for away in (refused, black_holed):
        with broker_at(away, settings, within_seconds=3):
            count({"a": 1})


def test_a_histogram_puts_each_value_at_or_below_its_bound() -> None:
    amounts = histogram("waited", (1, 5, 60), [0.5, 1, 4, 60, 61])

    assert amounts == {
        "waited:1": 2, "waited:5": 1, "waited:60": 1, "waited:inf": 1, "waited:sum": 126.5, "waited:count": 5
    }  # fmt: skip
