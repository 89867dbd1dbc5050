"""What went out is counted into its minute when its run is closed: once, whoever closes it and how often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lessons.models import Delivery, DeliveryMinute, User
from lessons.models.minute import WAIT_BOUNDS
from lessons.notifications.close import close_run
from lessons.tests.notifications.deliveries import put, sent_run, taken
from lessons.tests.people import in_days, scheduled

pytestmark = pytest.mark.django_db


def test_a_closed_run_is_counted_once(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    claim = sent_run()

    close_run(run_id=claim.run.pk)
    close_run(run_id=claim.run.pk)

    minute = DeliveryMinute.objects.get()
    assert (minute.channel, minute.sent, minute.failed, minute.lost) == ("sms", 2, 0, 0)
    assert sum(minute.waits) == 2
    assert len(minute.waits) == len(WAIT_BOUNDS) + 1


def test_two_runs_of_a_minute_are_added_up(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    first = sent_run()
    scheduled(alice, bob, at=in_days(3))
    second = sent_run(outcome="permanent")

    close_run(run_id=first.run.pk)
    close_run(run_id=second.run.pk)

    assert DeliveryMinute.objects.get().sent == 2
    assert DeliveryMinute.objects.get().failed == second.run.delivery_count
    assert sum(DeliveryMinute.objects.get().waits) == 2


def test_a_redelivery_is_counted_and_nobody_waited_for_it(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    claim = sent_run()
    Delivery.objects.filter(run=claim.run).update(in_order=False)

    close_run(run_id=claim.run.pk)

    assert (DeliveryMinute.objects.get().sent, sum(DeliveryMinute.objects.get().waits)) == (2, 0)


def test_the_wait_is_counted_from_the_event_on(alice: User, bob: User) -> None:
    dispatch = scheduled(alice, bob).dispatches.latest("pk")
    put(dispatch, created_at=timezone.now() - timedelta(seconds=25))
    claim = sent_run()

    close_run(run_id=claim.run.pk)

    assert DeliveryMinute.objects.get().waits[WAIT_BOUNDS.index(30)] == 2


def test_a_run_of_which_nothing_was_tried_leaves_no_minute(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    claim, _messages = taken()
    Delivery.objects.filter(run=claim.run).update(state="pending")

    close_run(run_id=claim.run.pk)

    assert not DeliveryMinute.objects.exists()
