"""Waking the relay: one wake at a time, few while many changes come, and never a change that waits for it."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from django.db import transaction
from pytest_django import Settings

from lessons import broker
from lessons.broker import breaker, connection
from lessons.models import User
from lessons.request_id import current_request_id
from lessons.tests.brokers import AWAY, Place, broker_at, refused
from lessons.tests.people import draft
from lessons.tests.proxy import Proxy
from lessons.tests.queues import take_all, waiting
from lessons.wake import KEY, LONGEST_PAUSE_SECONDS, PATIENCE_SECONDS, forget_wake, wake, wake_soon, waker

AT_MOST_SECONDS = 3.0
AT_ONCE_SECONDS = 0.1


def wakes() -> int:
    """How many calls of the relay wait in its queue."""
    return waiting("control")


def at(proxy: Proxy) -> Place:
    return lambda: nullcontext(proxy.url)


def is_woken() -> bool:
    waker().rest()
    return bool(connection().exists(KEY))


def seconds(call: Callable[[], None]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def test_many_wakes_are_one() -> None:
    for _ in range(20):
        wake()

    assert wakes() == 1


def test_a_wake_carries_the_id_of_the_request_that_sets_it_off() -> None:
    token = current_request_id.set("req-1")
    wake()
    current_request_id.reset(token)

    assert [task.request_id for task in take_all("control")] == ["req-1"]


def test_after_the_relay_has_begun_the_next_wake_goes_through() -> None:
    wake()
    forget_wake()

    wake()

    assert wakes() == 2


def test_a_wake_that_got_lost_blocks_the_next_for_two_seconds_at_most() -> None:
    wake()

    assert 0 < connection().pttl(KEY) <= 2000


# --- Changes, which wait for nobody ---------------------------------------------------------------------


@pytest.fixture
def _calm() -> None:
    """No change came lately."""
    waker.cache_clear()


@pytest.mark.usefixtures("_calm")
def test_a_change_wakes_the_relay_at_once_while_all_is_calm() -> None:
    for _ in range(3):
        assert seconds(lambda: (wake_soon(), waker().rest())) < AT_ONCE_SECONDS
        forget_wake()
        time.sleep(0.02)

    assert wakes() == 3


@pytest.mark.usefixtures("_calm")
def test_while_many_changes_come_they_share_wakes_and_none_is_left_without() -> None:
    forgotten = 0
    for _ in range(500):
        wake_soon()
        forgotten += connection().delete(KEY)  # as the relay does, each time it begins
        time.sleep(0.001)

    assert is_woken()
    assert 3 < wakes() < 20
    assert forgotten == wakes() - 1


@pytest.mark.usefixtures("_calm")
def test_the_last_of_many_changes_is_told_within_the_longest_pause() -> None:
    for _ in range(200):
        wake_soon()
        time.sleep(0.001)
    forget_wake()
    wake_soon()

    assert seconds(waker().rest) < LONGEST_PAUSE_SECONDS + AT_ONCE_SECONDS
    assert is_woken()


@pytest.mark.usefixtures("_calm")
def test_after_a_rush_changes_at_an_easy_pace_have_a_wake_of_their_own_again() -> None:
    for _ in range(300):
        wake_soon()
        time.sleep(0.001)
    waker().rest()
    own = 0
    for _ in range(30):
        connection().delete(KEY)
        wake_soon()
        time.sleep(0.04)
        own += connection().exists(KEY)

    assert own > 20


@pytest.mark.parametrize("away", AWAY)
def test_a_change_does_not_wait_for_a_broker_that_is_away(away: str, settings: Settings) -> None:
    with broker_at(AWAY[away], settings, within_seconds=AT_ONCE_SECONDS):
        wake_soon()


@pytest.mark.usefixtures("_calm")
def test_a_change_while_the_broker_is_left_alone_wakes_the_relay_after_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "MUTE_SECONDS", 0.3)
    breaker.trip()

    assert seconds(wake_soon) < AT_ONCE_SECONDS
    assert not connection().exists(KEY)
    assert wakes() == 1


def test_a_process_that_was_forked_off_wakes_by_itself() -> None:
    wake_soon()
    waker().rest()
    forget_wake()
    if not (child := os.fork()):
        wake_soon()
        waker().rest()
        os._exit(0)
    os.waitpid(child, 0)

    assert wakes() == 2


# --- Who waits for its wake -----------------------------------------------------------------------------


@pytest.mark.parametrize("away", AWAY)
def test_a_broker_that_is_away_costs_one_time_out_and_no_error(away: str, settings: Settings) -> None:
    with broker_at(AWAY[away], settings, within_seconds=AT_MOST_SECONDS):
        wake()
        assert breaker.is_open
        assert seconds(wake) < 0.1
        forget_wake()


def test_a_broker_that_answers_but_takes_no_task_costs_one_time_out_and_no_error(settings: Settings) -> None:
    here = settings.REDIS_URL
    with broker_at(refused, settings, within_seconds=AT_MOST_SECONDS):
        settings.REDIS_URL = here  # the key is set in one place, the task goes to another
        connection.cache_clear()
        wake()
        assert connection().exists(KEY)
        assert breaker.is_open


def test_a_broker_that_answers_slowly_counts_as_away(settings: Settings) -> None:
    """Each answer comes before its time-out; all those that a publish needs take three seconds."""
    with Proxy(settings.REDIS_URL) as proxy, broker_at(at(proxy), settings, within_seconds=2 * AT_MOST_SECONDS):
        proxy.delay(0.15)
        assert seconds(wake) < PATIENCE_SECONDS + AT_ONCE_SECONDS
        assert breaker.is_open


def test_once_the_broker_is_back_and_the_breaker_closed_wakes_go_through(settings: Settings) -> None:
    with broker_at(refused, settings, within_seconds=AT_MOST_SECONDS):
        wake()
    breaker.reset()

    wake()

    assert wakes() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("away", AWAY)
def test_a_lesson_is_saved_at_once_while_the_broker_is_away(away: str, settings: Settings, alice: User) -> None:
    with broker_at(AWAY[away], settings, within_seconds=2 * AT_ONCE_SECONDS):
        lesson = draft(alice)

    assert lesson.events.get().dispatch.state == "pending"


@pytest.mark.django_db(transaction=True)
def test_a_commit_wakes_the_relay_and_a_rollback_does_not(alice: User) -> None:
    with transaction.atomic():
        draft(alice)
        transaction.set_rollback(True)
    assert wakes() == 0

    draft(alice)

    assert wakes() == 1
