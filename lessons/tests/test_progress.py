"""Reads about who has been told what."""

import pytest
from pytest_django import Settings

from lessons import progress
from lessons.models import ChordRun, Delivery, DeliveryAttempt, User
from lessons.notifications.expand import expand
from lessons.tests.people import draft, tomorrow

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliveries(settings: Settings, alice: User, bob: User) -> list[Delivery]:
    """Two people, two channels, one dispatch."""
    settings.NOTIFICATION_CHANNELS = ["log", "sms"]
    draft(alice, bob)
    expand()
    return list(Delivery.objects.order_by("channel", "recipient"))


def run(**columns: object) -> ChordRun:
    return ChordRun.objects.create(**{"channel": "log", "size": 2, "delivery_count": 2, **columns})


def test_runs_of_earlier_tries_are_remembered(deliveries: list[Delivery]) -> None:
    earlier, last = run(), run()
    delivery = deliveries[0]
    for number, one in enumerate((earlier, last), start=1):
        DeliveryAttempt.objects.create(
            delivery=delivery, number=number, run=one, started_at=tomorrow(), outcome="transient"
        )
    Delivery.objects.filter(pk=delivery.pk).update(run=last)

    assert progress.runs_of([delivery.dispatch]) == {delivery.dispatch_id: sorted([earlier.pk, last.pk])}


def test_a_dispatch_that_was_not_launched_has_no_runs(deliveries: list[Delivery]) -> None:
    dispatch = deliveries[0].dispatch

    assert progress.runs_of([dispatch]) == {dispatch.pk: []}


def test_a_run_carries_what_it_has_in_flight_and_what_it_tried(deliveries: list[Delivery]) -> None:
    earlier, last = run(), run()
    tried, flying, claimed_and_given_back, _other = deliveries
    DeliveryAttempt.objects.create(delivery=tried, number=1, run=earlier, started_at=tomorrow(), outcome="transient")
    Delivery.objects.filter(pk=tried.pk).update(run=last, state="leased")
    Delivery.objects.filter(pk=flying.pk).update(run=earlier, state="leased")
    Delivery.objects.filter(pk=claimed_and_given_back.pk).update(run=earlier)

    assert set(Delivery.objects.filter(progress.is_carried_by(earlier.pk))) == {tried, flying}
    assert set(Delivery.objects.filter(progress.is_carried_by(last.pk))) == {tried}


def test_what_is_done_of_a_run_are_the_batches_with_nothing_in_flight(deliveries: list[Delivery]) -> None:
    one, other = run(), run(size=3)
    for number, delivery in enumerate(deliveries):
        Delivery.objects.filter(pk=delivery.pk).update(run=one, batch=number // 2, state="leased")
    Delivery.objects.filter(pk=deliveries[0].pk).update(state="sent")

    assert {row.pk: row.done for row in progress.chord_runs()} == {one.pk: 0, other.pk: 3}

    Delivery.objects.filter(pk=deliveries[1].pk).update(state="dead")

    assert progress.chord_runs().get(pk=one.pk).done == 1
