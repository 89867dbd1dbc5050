"""Reads about who has been told what."""

import pytest
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from lessons import progress
from lessons.models import ChordRun, Delivery, DeliveryAttempt, Dispatch, User
from lessons.notifications.expand import expand
from lessons.notifications.settle import settle
from lessons.progress import Progress
from lessons.retention.prune import prune
from lessons.tests.notifications.aftermath import told_days_ago
from lessons.tests.people import completed, draft, tomorrow

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliveries(settings: Settings, alice: User, bob: User) -> list[Delivery]:
    """Two people, two channels, one dispatch."""
    settings.NOTIFICATION_CHANNELS = ["log", "sms"]
    draft(alice, bob)
    expand()
    return list(Delivery.objects.order_by("channel", "recipient"))


def ended(deliveries: list[Delivery], *states: str) -> Dispatch:
    """The dispatch of the deliveries, of which the first have come to these states."""
    for delivery, state in zip(deliveries, states, strict=False):
        Delivery.objects.filter(pk=delivery.pk).update(state=state)
    dispatch = deliveries[0].dispatch
    settle([dispatch.pk])
    dispatch.refresh_from_db()
    return dispatch


def test_of_an_event_that_is_not_expanded_yet_there_is_no_progress(alice: User, bob: User) -> None:
    dispatch = Dispatch.objects.get(lesson=draft(alice, bob))

    assert progress.progress_of([dispatch]) == progress.states_of([dispatch]) == {dispatch.pk: Progress()}


def test_progress_is_counted_by_state_and_by_channel(deliveries: list[Delivery]) -> None:
    dispatch = ended(deliveries, "sent", "dead", "skipped")

    told = progress.progress_of([dispatch])[dispatch.pk]

    assert told.by_state == {"dead": 1, "pending": 1, "sent": 1, "skipped": 1}
    assert told.by_channel == {"log": 2, "sms": 2}
    assert (told.sent, told.waiting, told.dead, told.total, told.wanted) == (1, 1, 1, 4, 3)


def test_states_are_counted_until_they_are_settled_and_read_after_that(
    deliveries: list[Delivery], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    under_way = ended(deliveries, "sent", "dead", "skipped")
    with django_assert_num_queries(1):
        counted = progress.states_of([under_way])
    assert counted == progress.progress_of([under_way])

    settled = ended(deliveries, "sent", "dead", "skipped", "sent")
    with django_assert_num_queries(0):
        states = progress.states_of([settled])

    assert states == {settled.pk: Progress(by_state={"sent": 2, "dead": 1, "skipped": 1})}


def test_of_a_dispatch_whose_deliveries_are_gone_the_states_are_still_known(alice: User, bob: User) -> None:
    lesson = completed(alice, bob)
    told_days_ago(lesson, 91)
    dispatch = lesson.dispatches.latest("event")
    before = progress.progress_of([dispatch])[dispatch.pk].by_state

    prune()

    dispatch.refresh_from_db()
    assert progress.progress_of([dispatch]) == {dispatch.pk: Progress(by_state=before)}
    assert before == {"sent": dispatch.total}


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


def test_what_is_done_of_a_run_are_the_batches_with_nothing_in_flight(
    settings: Settings, alice: User, bob: User, carol: User
) -> None:
    one, other = run(), run(size=3)
    settings.NOTIFICATION_CHANNELS = [one.channel]
    draft(alice, bob, carol)
    draft(alice)
    expand()
    deliveries = list(Delivery.objects.order_by("pk"))
    for number, delivery in enumerate(deliveries):
        Delivery.objects.filter(pk=delivery.pk).update(run=one, batch=number // 2, state="leased")
    Delivery.objects.filter(pk=deliveries[0].pk).update(state="sent")

    assert {row.pk: row.done for row in progress.chord_runs()} == {one.pk: 0, other.pk: 3}

    Delivery.objects.filter(pk=deliveries[1].pk).update(state="dead")

    assert progress.chord_runs().get(pk=one.pk).done == 1
