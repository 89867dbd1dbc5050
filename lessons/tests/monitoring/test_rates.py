"""How many went out, and how long people waited: counted into minutes, read off counters."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from lessons import monitoring
from lessons.models import DeliveryMinute
from lessons.models.minute import WAIT_BOUNDS
from lessons.monitoring import DAY, HOUR
from lessons.monitoring.rates import percentile

NOW = datetime(2026, 5, 4, 10, 17, 30, tzinfo=UTC)


def minute(at: datetime, sent: int, *, within: float = 1, channel: str = "sms", failed: int = 0) -> None:
    waits = [0] * (len(WAIT_BOUNDS) + 1)
    waits[WAIT_BOUNDS.index(within)] = sent
    DeliveryMinute.objects.create(channel=channel, minute=at, sent=sent, failed=failed, lost=0, waits=waits)


def at(hour: int, minutes: int = 0) -> datetime:
    return NOW.replace(hour=hour, minute=minutes, second=0)


@pytest.mark.django_db
def test_the_channels_of_a_minute_are_added_up() -> None:
    minute(at(10, 17), 3, failed=1)
    minute(at(10, 17), 4, channel="log")

    hour = monitoring.rates(HOUR, now=NOW)

    assert (hour.sent, hour.failed, hour.busiest_minute) == (7, 1, 7)
    assert [(step.at, step.sent) for step in hour.steps if step.sent] == [(at(10, 17), 7)]


@pytest.mark.django_db
def test_what_lies_outside_the_window_is_not_counted() -> None:
    for moment in (at(9, 19), at(9, 20), at(10, 19)):
        minute(moment, 1)

    assert monitoring.rates(HOUR, now=NOW).sent == 2
    assert monitoring.rates(DAY, now=NOW).sent == 3


@pytest.mark.django_db
def test_steps_are_equal_and_end_with_the_one_that_is_under_way() -> None:
    hour, day = monitoring.rates(HOUR, now=NOW), monitoring.rates(DAY, now=NOW)

    assert (len(hour.steps), len(hour.waits), len(day.steps), len(day.waits)) == (60, 12, 48, 24)
    assert (hour.waits[-1].at, day.waits[-1].at) == (at(10, 15), at(10))


@pytest.mark.django_db
def test_a_window_in_which_nothing_was_sent_has_no_waiting_time() -> None:
    assert (monitoring.rates(HOUR, now=NOW).p50, monitoring.rates(HOUR, now=NOW).p95) == (None, None)


@pytest.mark.parametrize(
    ("counts", "share", "seconds"),
    [
        ({1: 100}, 0.5, 0.75),  # in the middle between half a second and one
        ({1: 100}, 1.0, 1.0),
        ({0: 50, 5: 50}, 0.95, 7.25),
        ({len(WAIT_BOUNDS): 1}, 0.5, 86_400),  # longer than the last bound counts as that
    ],
)
def test_a_percentile_is_read_off_the_counters(counts: dict[int, int], share: float, seconds: float) -> None:
    column = [counts.get(n, 0) for n in range(len(WAIT_BOUNDS) + 1)]

    assert percentile(column, share) == pytest.approx(seconds)


@pytest.mark.django_db
def test_a_window_is_one_query_however_much_was_sent(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for n in range(40):
        minute(at(10) - timedelta(minutes=n), 1000)

    with django_assert_num_queries(1):
        assert monitoring.rates(DAY, now=NOW).sent == 40_000
