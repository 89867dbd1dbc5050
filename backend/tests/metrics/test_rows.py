"""What waits, what is dead, what ran: from the rows and from Redis, the same whoever is asked."""

from typing import Any

import pytest
from celery import current_app

from backend.tests.metrics.scrape import Scrape
from lessons.broker import connection as connection_to_redis
from lessons.counters import count
from lessons.models import Delivery, User
from lessons.notifications.expand import expand
from lessons.tests.brokers import broker_at, refused
from lessons.tests.people import scheduled
from lessons.tests.queues import empty_broker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_broker() -> None:
    empty_broker()


def test_what_waits_is_shown_per_channel_with_the_age_of_the_oldest(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    assert Scrape().value("lessons_dispatches_waiting") == 2  # created, scheduled
    expand()

    scrape = Scrape()

    assert scrape.value("lessons_dispatches_waiting") == 0
    waiting = Delivery.objects.filter(channel="sms", state="pending").count()
    assert scrape.value("lessons_deliveries_waiting", channel="sms") == waiting > 0
    assert scrape.value("lessons_oldest_waiting_seconds", channel="sms") is not None
    assert scrape.value("lessons_deliveries_dead", channel="sms") == 0
    assert scrape.value("lessons_circuit_open", channel="sms") == 0


def test_the_dead_are_counted_until_they_are_redelivered(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    expand()
    Delivery.objects.filter(channel="email", recipient=bob).update(state="dead")

    assert Scrape().value("lessons_deliveries_dead", channel="email") == 2


def test_an_idle_system_already_has_every_counter_at_zero() -> None:
    scrape = Scrape()

    for channel in ("log", "email", "sms"):
        for outcome in ("sent", "retried", "lost", "dead"):
            assert scrape.value("lessons_attempts_total", channel=channel, outcome=outcome) == 0
        assert scrape.value("lessons_runs_total", channel=channel, state="lost") == 0
    assert scrape.value("lessons_relay_repairs_total", kind="leases") == 0


def test_what_workers_count_is_added_up() -> None:
    count({"attempts:sms:sent": 3, "delivered_seconds:sms:5": 2, "delivered_seconds:sms:60": 1, "repairs:leases": 2})
    count({"attempts:sms:sent": 2, "delivered_seconds:sms:sum": 40.5, "delivered_seconds:sms:count": 3})

    scrape = Scrape()

    assert scrape.value("lessons_attempts_total", channel="sms", outcome="sent") == 5
    assert scrape.value("lessons_relay_repairs_total", kind="leases") == 2
    assert scrape.value("lessons_delivered_seconds_bucket", channel="sms", le="5.0") == 2
    assert scrape.value("lessons_delivered_seconds_bucket", channel="sms", le="60.0") == 3
    assert scrape.value("lessons_delivered_seconds_bucket", channel="sms", le="+Inf") == 3
    assert scrape.value("lessons_delivered_seconds_sum", channel="sms") == 40.5


def test_signs_of_life_and_queues_are_shown() -> None:
    for _ in range(2):
        current_app.send_task("lessons.deliver", queue="deliver.sms", ignore_result=True)
    connection_to_redis().set("heartbeat:relay", 1)

    scrape = Scrape()

    assert scrape.value("lessons_alive", part="relay") == 1
    assert scrape.value("lessons_alive", part="worker") == 0
    assert scrape.value("lessons_queue_length", queue="deliver.sms") == 2
    assert scrape.value("lessons_queue_length", queue="control") == 0


def test_a_broker_that_is_away_takes_nothing_else_with_it(settings: Any) -> None:
    with broker_at(refused, settings, within_seconds=5):
        scrape = Scrape()

    assert scrape.value("lessons_part_up", part="broker") == scrape.value("lessons_part_up", part="redis") == 0
    assert scrape.value("lessons_part_up", part="database") == 1
    assert scrape.value("lessons_deliveries_waiting", channel="sms") == 0
