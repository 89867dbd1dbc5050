"""The doctor: says what is wrong, with its name and what to do, in one screen."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from backend import doctor
from lessons import heartbeat
from lessons.broker import connection as connection_to_redis
from lessons.models import Channel, Delivery, User
from lessons.monitoring.queues import queue_names
from lessons.notifications.channels import REGISTRY
from lessons.notifications.expand import expand
from lessons.tests.brokers import broker_at, refused
from lessons.tests.people import scheduled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    connection_to_redis().flushdb()
    heartbeat.beat(heartbeat.WORKER)
    heartbeat.beat(heartbeat.RELAY)
    # Nobody listens and no worker runs here; both have tests of their own below.
    monkeypatch.setitem(doctor.LOOKS, "providers", lambda: iter(()))
    monkeypatch.setitem(doctor.LOOKS, "queues", lambda: iter(()))


def problems() -> dict[str, str]:
    return {finding.name: finding.problem for finding in doctor.examine() if finding.problem}


def said() -> str:
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("doctor", stdout=out)
    return f"{out.getvalue()}{error.value}"


def test_a_healthy_system_has_nothing() -> None:
    out = StringIO()
    call_command("doctor", stdout=out)

    assert "are as they should be" in out.getvalue()
    assert "wrong" not in out.getvalue()


def test_without_a_worker_it_says_so_and_what_to_do() -> None:
    connection_to_redis().delete(f"heartbeat:{heartbeat.WORKER}")

    text = said()

    assert "no sign of life" in text
    assert "start one" in text
    assert "1 of" in text


def test_what_waits_for_too_long_and_what_is_dead_are_named_per_channel(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    expand()
    long_ago = timezone.now() - timedelta(minutes=10)
    Delivery.objects.filter(channel="sms").update(next_attempt_at=long_ago)
    Delivery.objects.filter(channel="email").update(state="dead")
    Channel.objects.create(name="log", window=1, open_until=timezone.now() + timedelta(seconds=30))

    found = problems()

    assert "4 are due, one for " in found["due over sms"]
    assert found["dead over email"].endswith("were given up")
    assert "is left alone until" in found["provider of log"]


def test_a_broker_that_is_away_is_a_finding_and_no_end(settings: Any) -> None:
    with broker_at(refused, settings, within_seconds=8):
        found = problems()

    assert {"broker", "worker", "relay", "redis memory"} <= set(found)
    assert "database" not in found


def test_a_provider_that_nobody_can_reach_is_named(settings: Any) -> None:
    with refused() as url:
        settings.SMS_GATEWAY_URL = url.replace("redis://", "http://")
        settings.NOTIFICATION_CHANNELS = ["sms"]
        (finding,) = doctor._providers()

    assert "cannot be reached: ConnectionRefusedError" in finding.problem


def test_a_queue_that_nobody_takes_from_is_named() -> None:
    (finding,) = doctor._queues()

    assert finding.problem == f"nobody takes from {', '.join(sorted(queue_names(REGISTRY)))}"
