"""The table of retries. Pure: no database, no clock."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from backend.timing import Timing
from lessons.models import AttemptOutcome, DeliveryState
from lessons.notifications.channels import SendError
from lessons.notifications.retry import (
    ATTEMPT_LIMIT,
    LONG_SCHEDULE_MINUTES,
    OUTAGE_GRACE,
    TASK_RETRIES,
    Decision,
    decide,
    long_delay_seconds,
    task_backoff_seconds,
)

PENDING, LEASED, DEAD = DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.DEAD
TRANSIENT, PERMANENT = AttemptOutcome.TRANSIENT, AttemptOutcome.PERMANENT
MINUTE, HOUR = 60, 3600
YOUNG, OLD = timedelta(hours=1), OUTAGE_GRACE
DRAWS = range(50)  # the jitter is drawn anew each time


def decided(
    error: SendError,
    *,
    attempt: int = 1,
    limit: int = ATTEMPT_LIMIT,
    age: timedelta = YOUNG,
    is_outage: bool = False,
    task_retry_seconds: float | None = 4.0,
) -> Decision:
    return decide(
        error, attempt=attempt, limit=limit, age=age, is_outage=is_outage, task_retry_seconds=task_retry_seconds
    )


NO_LUCK = SendError("no luck")
REFUSED = SendError("no such number", permanent=True)
DOWN = SendError("connection refused", channel_down=True)
OUTAGE = {"is_outage": True}
NO_MORE_TASK_RETRIES = {"is_outage": True, "task_retry_seconds": None}


@pytest.mark.parametrize(
    ("error", "circumstances", "state", "outcome", "extra_attempts"),
    [
        (NO_LUCK, {}, PENDING, TRANSIENT, 0),
        (NO_LUCK, {"attempt": ATTEMPT_LIMIT - 1}, PENDING, TRANSIENT, 0),
        (NO_LUCK, {"attempt": ATTEMPT_LIMIT}, DEAD, TRANSIENT, 0),
        (NO_LUCK, {"age": OLD}, PENDING, TRANSIENT, 0),
        (REFUSED, {}, DEAD, PERMANENT, 0),
        (REFUSED, OUTAGE, DEAD, PERMANENT, 0),
        (DOWN, OUTAGE, LEASED, TRANSIENT, 1),
        (DOWN, {**OUTAGE, "attempt": ATTEMPT_LIMIT}, LEASED, TRANSIENT, 1),
        (DOWN, {**OUTAGE, "age": OLD}, LEASED, TRANSIENT, 0),
        (DOWN, {**OUTAGE, "age": OLD, "attempt": ATTEMPT_LIMIT}, DEAD, TRANSIENT, 0),
        (DOWN, {**OUTAGE, "age": OLD - timedelta(seconds=1), "attempt": ATTEMPT_LIMIT}, LEASED, TRANSIENT, 1),
        (DOWN, NO_MORE_TASK_RETRIES, PENDING, TRANSIENT, 1),
        (DOWN, {**NO_MORE_TASK_RETRIES, "attempt": ATTEMPT_LIMIT}, PENDING, TRANSIENT, 1),
        (DOWN, {**NO_MORE_TASK_RETRIES, "age": OLD, "attempt": ATTEMPT_LIMIT}, DEAD, TRANSIENT, 0),
    ],
)
def test_what_becomes_of_a_message_after_a_failed_try(
    error: SendError, circumstances: dict[str, object], state: str, outcome: str, extra_attempts: int
) -> None:
    decision = decided(error, **circumstances)  # type: ignore[arg-type]

    assert (decision.state, decision.outcome, decision.extra_attempts) == (state, outcome, extra_attempts)


def test_a_task_retry_comes_when_the_task_says() -> None:
    assert decided(DOWN, is_outage=True, task_retry_seconds=4.0).delay_seconds == 4.0


@pytest.mark.parametrize(("attempt", "minutes"), [*enumerate(LONG_SCHEDULE_MINUTES, start=1)])
def test_each_failure_waits_longer_give_or_take_a_fifth(attempt: int, minutes: int) -> None:
    for _ in DRAWS:
        delay = decided(NO_LUCK, attempt=attempt).delay_seconds
        assert 0.8 * minutes * MINUTE <= delay <= 1.2 * minutes * MINUTE


def test_the_long_schedule_is_as_promised() -> None:
    assert [minutes * MINUTE for minutes in LONG_SCHEDULE_MINUTES] == [
        *(MINUTE, 5 * MINUTE, 15 * MINUTE),
        *(HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR),
    ]
    assert len(LONG_SCHEDULE_MINUTES) + 1 == ATTEMPT_LIMIT


def test_what_was_raised_by_outages_does_not_lengthen_the_wait() -> None:
    """Six tries failed in an outage, each raised the limit: the seventh is the first that counts."""
    delay = decided(NO_LUCK, attempt=7, limit=ATTEMPT_LIMIT + 6).delay_seconds

    assert delay <= 1.2 * LONG_SCHEDULE_MINUTES[0] * MINUTE


def test_a_wait_that_the_provider_asks_for_is_kept() -> None:
    assert decided(SendError("slow down", retry_after=10 * HOUR)).delay_seconds == 10 * HOUR


def test_a_shorter_wait_than_ours_is_not_taken_up() -> None:
    assert decided(SendError("slow down", retry_after=1)).delay_seconds >= 0.8 * MINUTE


def test_the_pause_never_leaves_the_schedule() -> None:
    assert long_delay_seconds(attempts_left=-5) <= 1.2 * LONG_SCHEDULE_MINUTES[-1] * MINUTE
    assert long_delay_seconds(attempts_left=100) <= 1.2 * LONG_SCHEDULE_MINUTES[0] * MINUTE


@pytest.mark.parametrize("retries", range(TASK_RETRIES))
def test_a_tasks_retries_double_with_jitter_and_never_come_at_once(retries: int) -> None:
    for _ in DRAWS:
        assert 2**retries <= (task_backoff_seconds(retries) or 0) <= 2 ** (retries + 1)


def test_a_tasks_retries_are_spent_after_about_a_minute() -> None:
    assert task_backoff_seconds(TASK_RETRIES) is None
    assert sum(2 ** (retries + 1) for retries in range(TASK_RETRIES)) == 62


def test_all_of_it_is_scaled(settings: Settings) -> None:
    settings.TIME_SCALE, settings.TIMING = 0.01, Timing.scaled(0.01)
    settings.SHORTEST_COUNTDOWN_SECONDS = 0

    assert decided(NO_LUCK).delay_seconds <= 1.2 * 0.6
    assert (task_backoff_seconds(0) or 0) <= 0.02


def test_a_task_retries_no_sooner_than_the_broker_can_keep_it(settings: Settings) -> None:
    settings.TIME_SCALE, settings.SHORTEST_COUNTDOWN_SECONDS = 0.01, 1

    assert task_backoff_seconds(0) == 1.0
