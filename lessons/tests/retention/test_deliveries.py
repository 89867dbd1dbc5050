"""Retention: what has served its time is removed, what somebody may still need is not."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from lessons import lifecycle
from lessons.models import (
    Delivery,
    DeliveryAttempt,
    Dispatch,
    Lesson,
    LessonEvent,
    Redelivery,
    User,
)
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import claim
from lessons.notifications.record import Result, record
from lessons.notifications.take import take
from lessons.retention import deliveries
from lessons.retention.deliveries import remove_deliveries
from lessons.retention.prune import prune
from lessons.tests.lifecycle.ways import change
from lessons.tests.notifications.aftermath import all_ended, died, is_pruned, told_days_ago
from lessons.tests.notifications.deliveries import claimed, delivery, expand_all, put
from lessons.tests.people import Student, cancelled, completed, draft, in_days, scheduled, started
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db


def events_of(lesson: Lesson) -> list[LessonEvent]:
    return list(lesson.events.order_by("id"))


# --- Deliveries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [completed, cancelled])
@pytest.mark.parametrize(("days", "gone"), [(89, False), (91, True)])
def test_deliveries_of_a_finished_lesson_are_removed_after_ninety_days(
    make: Callable[..., Lesson], days: int, gone: bool, alice: User, bob: User
) -> None:
    lesson = make(alice, bob)
    told_days_ago(lesson, days)

    prune()

    assert is_pruned(lesson) == gone


def test_events_and_dispatches_stay_with_their_counts(alice: User, bob: User) -> None:
    lesson = completed(alice, bob)
    told_days_ago(lesson, 91)
    names = [event.name for event in events_of(lesson)]
    before = list(Dispatch.objects.order_by("pk").values_list("pk", "settled_at", "total", "sent", "dead", "skipped"))

    prune()

    assert [event.name for event in events_of(lesson)] == names
    after = list(Dispatch.objects.order_by("pk").values_list("pk", "settled_at", "total", "sent", "dead", "skipped"))
    assert after == before
    assert {dispatch.state for dispatch in Dispatch.objects.all()} == {"delivered"}


def test_attempts_and_redeliveries_go_with_their_deliveries(alice: User, bob: User, maria: User) -> None:
    lesson = completed(alice, bob)
    expand_all()
    row = died(delivery(events_of(lesson)[0], bob))
    lifecycle.redeliver_delivery(delivery_id=row.pk, actor=maria)
    told_days_ago(lesson, 91)
    assert DeliveryAttempt.objects.exists()
    assert Redelivery.objects.exists()

    prune()

    assert not DeliveryAttempt.objects.exists()
    assert not Redelivery.objects.exists()


@pytest.mark.parametrize("make", [draft, scheduled, started])
def test_a_lesson_that_is_not_finished_keeps_all(make: Callable[..., Lesson], alice: User, bob: User) -> None:
    lesson = make(alice, bob)
    told_days_ago(lesson, 1000)

    prune()

    assert not is_pruned(lesson)


@pytest.mark.parametrize(("days", "gone"), [(91, False), (364, False), (366, True)])
def test_where_something_is_dead_it_is_kept_for_a_year(days: int, gone: bool, alice: User, bob: User) -> None:
    lesson = completed(alice, bob)
    expand_all()
    for event in events_of(lesson):
        died(delivery(event, bob))
    told_days_ago(lesson, days)

    prune()

    assert is_pruned(lesson) == gone


def test_a_dispatch_with_a_dead_letter_keeps_also_what_was_sent_and_the_others_go(alice: User, bob: User) -> None:
    lesson = completed(alice, bob)
    expand_all()
    died(delivery(events_of(lesson)[0], bob))
    told_days_ago(lesson, 91)

    prune()

    assert set(Delivery.objects.values_list("dispatch", flat=True)) == {events_of(lesson)[0].pk}
    assert Delivery.objects.filter(state="sent").exists()


@pytest.mark.parametrize(
    "retention", [{"RETENTION_DAYS": 10}, {"RETENTION_DAYS": 1000, "RETENTION_DEAD_DAYS": 10}], ids=["told", "dead"]
)
def test_how_long_is_settable(retention: dict[str, int], settings: Settings, alice: User, bob: User) -> None:
    for name, days in retention.items():
        setattr(settings, name, days)
    lesson = completed(alice, bob)
    if "RETENTION_DEAD_DAYS" in retention:
        expand_all()
        for event in events_of(lesson):
            died(delivery(event, bob))
    told_days_ago(lesson, 11)

    prune()

    assert is_pruned(lesson)


@pytest.mark.parametrize("state", ["pending", "leased"])
def test_what_is_not_finished_is_never_removed(state: str, alice: User, bob: User) -> None:
    lesson = completed(alice, bob)
    told_days_ago(lesson, 91)
    last = events_of(lesson)[-1]
    put(delivery(last, bob), state=state)
    Dispatch.objects.filter(pk=last.pk).update(settled_at=None)

    prune()

    assert not is_pruned(lesson)


def test_a_redelivery_of_what_is_gone_finds_nothing(alice: User, bob: User, maria: User) -> None:
    lesson = completed(alice, bob)
    expand_all()
    row = died(delivery(events_of(lesson)[0], bob))
    told_days_ago(lesson, 366)
    prune()

    with pytest.raises(lifecycle.NothingToRedeliver):
        lifecycle.redeliver_dispatch(dispatch_id=events_of(lesson)[0].pk, actor=maria)
    with pytest.raises(lifecycle.LessonNotFound):
        lifecycle.redeliver_delivery(delivery_id=row.pk, actor=maria)


# --- A cancellation goes to whom something was sent ----------------------------------------------------------


@pytest.fixture
def far_away(alice: User, bob: User) -> Lesson:
    """Scheduled for in a year; everybody was told of it a hundred days ago."""
    lesson = scheduled(alice, bob, at=in_days(365))
    told_days_ago(lesson, 100)
    return lesson


def test_who_was_told_of_a_lesson_long_ago_is_told_that_it_is_cancelled(far_away: Lesson, bob: User) -> None:
    prune()
    change("cancel", far_away, None)
    prune()  # cancelled is finished, but nobody has been told of it yet
    expand_all()
    prune()

    claimed("sms")

    assert delivery(events_of(far_away)[-1], bob).state == "leased"


def test_once_everybody_was_told_of_the_end_the_old_messages_may_go(far_away: Lesson) -> None:
    change("cancel", far_away, None)
    all_ended(events_of(far_away)[-1])

    prune()

    kept = set(Delivery.objects.filter(lesson=far_away).values_list("dispatch", flat=True))
    assert kept == {events_of(far_away)[-1].pk}


# --- A little at a time -----------------------------------------------------------------------------------


def test_it_goes_on_until_nothing_is_left_and_passes_over_what_has_to_stay(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "DISPATCHES_AT_ONCE", 2)
    stays = scheduled(alice, bob, at=in_days(1))
    gone = [completed(alice, bob, at=in_days(n)) for n in range(2, 5)]
    for lesson in (stays, *gone):
        told_days_ago(lesson, 91)

    batches = list(remove_deliveries())

    assert [is_pruned(lesson) for lesson in (stays, *gone)] == [False, True, True, True]
    assert len(batches) == 6  # of twelve dispatches
    assert min(batches) > 0


def test_what_was_passed_over_is_not_looked_at_again_before_the_next_time(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "DISPATCHES_AT_ONCE", 1)
    oldest, other = started(alice, bob, at=in_days(1)), completed(alice, bob, at=in_days(2))
    told_days_ago(oldest, 100)
    told_days_ago(other, 91)
    batches = remove_deliveries()
    next(batches)

    change("complete", oldest, None)
    all_ended(events_of(oldest)[-1])

    assert len(list(batches)) == 3
    assert is_pruned(other)
    assert Delivery.objects.filter(dispatch=events_of(oldest)[0].pk).exists()
    assert prune() > 0
    assert not Delivery.objects.filter(dispatch=events_of(oldest)[0].pk).exists()


def test_a_batch_has_few_deliveries_though_a_dispatch_may_have_many(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = completed(alice, bob), completed(alice, *Student.create_batch(5), at=in_days(2))
    told_days_ago(small, 91)
    told_days_ago(large, 91)
    each, many = (Dispatch.objects.filter(lesson=lesson)[0].total or 0 for lesson in (small, large))
    monkeypatch.setattr(deliveries, "DELIVERIES_AT_ONCE", 2 * each)

    batches = list(remove_deliveries())

    assert sorted(batches) == sorted([2 * each, 2 * each, *[many] * 4])


def test_what_somebody_holds_is_left_for_the_next_time(alice: User, bob: User, transactional_db: None) -> None:
    lesson = completed(alice, bob)
    told_days_ago(lesson, 91)

    with transaction.atomic():
        list(Dispatch.objects.select_for_update(no_key=True))
        assert race([prune]) == [0]

    prune()
    assert is_pruned(lesson)


# --- While everything else goes on --------------------------------------------------------------------------


def deliver_all(channel: str) -> None:
    """A worker of the channel, until nothing is due."""
    while run := claim(REGISTRY[channel]):
        for batch in run.batches:
            messages = take(run.run.pk, batch)
            results = [Result.sent(m.message.delivery_id, m.attempt, "", 0, 0) for m in messages]
            record(run_id=run.run.pk, task_id=None, channel=channel, results=results)


@pytest.mark.django_db(transaction=True)
def test_nobody_gets_in_anybodys_way(alice: User, anna: User, bob: User, carol: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(deliveries, "DISPATCHES_AT_ONCE", 3)
    old = [completed(alice, bob, at=in_days(n)) for n in range(1, 9)]
    for lesson in old:
        told_days_ago(lesson, 91)
    fresh = [scheduled(anna, carol, at=in_days(n)) for n in range(1, 9)]
    expand_all()
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(hours=1))

    results = race(
        [
            *[prune] * 3,
            *(partial(deliver_all, channel) for channel in ("log", "sms") for _ in range(2)),
            *(partial(change, "cancel", lesson, anna) for lesson in fresh[:3]),
        ]
    )

    assert [result for result in results if isinstance(result, Exception)] == []
    prune()  # what three at once kept from each other
    assert all(is_pruned(lesson) for lesson in old)
    assert not any(is_pruned(lesson) for lesson in fresh)
    expand_all()
    deliver_all("log")
    deliver_all("sms")
    assert not Delivery.objects.filter(state__in=["pending", "leased"]).exists()
    assert not Dispatch.objects.filter(settled_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_a_redelivery_and_a_removal_at_once_one_happens(alice: User, bob: User) -> None:
    for day in range(1, 9):
        lesson = completed(alice, bob, at=in_days(day))
        expand_all()
        event = events_of(lesson)[-1]
        died(delivery(event, bob))
        told_days_ago(lesson, 366)

        redelivered, _ = race([partial(lifecycle.redeliver_dispatch, dispatch_id=event.pk, actor=None), prune])

        dispatch = Dispatch.objects.get(pk=event.pk)
        if isinstance(redelivered, lifecycle.NothingToRedeliver):
            assert dispatch.pruned_at
            assert dispatch.state == "partly_delivered"
        else:
            assert (dispatch.pruned_at, dispatch.state) == (None, "delivering")
            assert delivery(event, bob).state == "pending"
