"""Runs go thirty days after they were closed; who was carried by them still knows it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lessons.models import ChordRun, DeliveryAttempt, User
from lessons.retention import batches
from lessons.retention.prune import prune
from lessons.retention.runs import remove_runs
from lessons.tests.notifications.aftermath import died
from lessons.tests.notifications.deliveries import delivery, expand_all, put
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db


def run(*, days_ago: float, closed: bool = True) -> ChordRun:
    moment = timezone.now() - timedelta(days=days_ago)
    run = ChordRun.objects.create(channel="sms", size=1, delivery_count=1, started_at=moment)
    return put(run, state="closed", closed_at=moment) if closed else run


def test_runs_are_removed_thirty_days_after_they_were_closed() -> None:
    stay = [run(days_ago=29), run(days_ago=1000, closed=False)]
    run(days_ago=31)

    prune()

    assert set(ChordRun.objects.all()) == set(stay)


def test_what_a_run_that_is_gone_has_carried_still_knows_its_id(alice: User, bob: User) -> None:
    lesson, old = draft(alice, bob), run(days_ago=31)
    expand_all()
    row = put(died(delivery(lesson.events.get(), bob), attempts=1), run_id=old.pk)
    DeliveryAttempt.objects.update(run_id=old.pk)

    prune()

    row.refresh_from_db()
    assert not ChordRun.objects.exists()
    assert (row.run_id, row.attempts.get().run_id) == (old.pk, old.pk)


def test_they_are_removed_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", 2)
    for _ in range(5):
        run(days_ago=31)

    assert list(remove_runs()) == [2, 2, 1]
