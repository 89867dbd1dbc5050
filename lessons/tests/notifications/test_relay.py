"""One pass of the relay, on the real database and broker; nobody works off what it publishes."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from lessons import heartbeat
from lessons.broker import connection
from lessons.models import ChordRun, Delivery, Dispatch, User
from lessons.notifications import relay
from lessons.notifications.relay import Pass, run_relay
from lessons.tests.brokers import broker_at, refused
from lessons.tests.notifications.deliveries import expand_all, lease_expired
from lessons.tests.people import draft
from lessons.tests.queues import empty_broker, waiting
from lessons.wake import KEY, wake

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_idle_pass_does_nothing() -> None:
    assert run_relay() == Pass()


def test_a_pass_expands_claims_and_launches(alice: User, bob: User) -> None:
    draft(alice, bob)

    assert run_relay() == Pass(reaped=0, expanded=1, launched=2, deliveries=4)

    assert (waiting("deliver.log"), waiting("deliver.sms")) == (1, 2)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"leased"}


def test_a_second_pass_finds_nothing_left_to_do(alice: User, bob: User) -> None:
    draft(alice, bob)
    run_relay()

    assert run_relay() == Pass()


def test_a_pass_takes_back_what_was_lost_and_sends_it_again(alice: User) -> None:
    draft(alice)
    run_relay()
    lease_expired(Delivery.objects.get(channel="sms"))

    empty_broker()

    assert run_relay() == Pass(reaped=1)
    assert waiting("control") == 1  # it wakes the next pass

    assert run_relay() == Pass(launched=1, deliveries=1)


def test_a_wake_that_comes_during_a_pass_is_a_pass_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    wake()
    seen_by_the_first_read: list[int] = []
    expand = relay.expand
    monkeypatch.setattr(relay, "expand", lambda: seen_by_the_first_read.append(connection().exists(KEY)) or expand())

    run_relay()

    assert seen_by_the_first_read == [0]


def test_a_pass_that_leaves_something_to_expand_wakes_the_next(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "DISPATCHES_AT_ONCE", 1)
    draft(alice)
    empty_broker()

    run_relay()

    assert waiting("control") == 1


def test_a_pass_that_found_the_window_full_does_not_wake_the_next(alice: User) -> None:
    for number in range(14):
        draft(alice, title=f"Lesson {number}")
    empty_broker()

    run_relay()
    run_relay()

    assert Delivery.objects.filter(channel="sms", state="pending").count() == 2
    assert waiting("control") == 0


def test_what_is_due_on_a_channel_that_was_switched_off_waits_until_it_is_back(alice: User, settings: Settings) -> None:
    draft(alice)
    expand_all()
    settings.NOTIFICATION_CHANNELS = ["log"]
    run_relay()
    assert Delivery.objects.get(channel="sms").state == "pending"

    settings.NOTIFICATION_CHANNELS = ["log", "sms"]
    run_relay()

    assert Delivery.objects.get(channel="sms").state == "leased"


def test_without_a_broker_everything_stays_due(alice: User, settings: Settings) -> None:
    draft(alice)

    with broker_at(refused, settings, within_seconds=3):
        done = run_relay()

    assert (done.expanded, done.launched, done.deliveries) == (1, 0, 0)
    assert ChordRun.objects.count() == 1  # for the other channel it was not even tried
    assert set(Delivery.objects.values_list("state", "attempt_count")) == {("pending", 0)}
    assert run_relay().deliveries == 2


def test_a_pass_is_a_sign_of_life() -> None:
    assert not heartbeat.is_alive(heartbeat.RELAY)

    run_relay()

    assert heartbeat.is_alive(heartbeat.RELAY)


def test_one_pass_by_hand_says_what_it_did(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    draft(alice)

    call_command("relay")

    assert capsys.readouterr().out == "taken back 0, expanded 1, launched 2 runs with 2 deliveries\n"


def test_a_retry_whose_time_has_come_is_sent_like_anything_else(alice: User) -> None:
    draft(alice)
    expand_all()
    Delivery.objects.filter(channel="sms").update(
        attempt_count=3, next_attempt_at=timezone.now() - timedelta(seconds=1)
    )

    run_relay()

    assert Delivery.objects.get(channel="sms").state == "leased"
    assert not Dispatch.objects.exclude(settled_at=None).exists()
