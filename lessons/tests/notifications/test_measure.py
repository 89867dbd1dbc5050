"""A run that is closed is counted: once, with what became of its deliveries and how long people waited."""

import pytest

from lessons.counters import counted
from lessons.models import ChordRun, User
from lessons.notifications.close import close_run
from lessons.notifications.delivery import deliver_batch
from lessons.tests.notifications.deliveries import claimed, expand_all
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db


def test_a_closed_run_is_counted_once(alice: User, bob: User) -> None:
    draft(alice, bob)
    expand_all()
    run = claimed("log")
    for batch in run.batches:
        deliver_batch(run_id=run.run.pk, delivery_ids=batch, task_id=None, retries=0)

    close_run(run_id=run.run.pk)
    close_run(run_id=run.run.pk)

    figures = counted()
    closed = ChordRun.objects.get(pk=run.run.pk)
    assert closed.state == "closed"
    assert figures["attempts:log:sent"] == closed.report["sent"] == 2
    assert figures["runs:log:closed"] == figures["run_seconds:log:count"] == figures["run_deliveries:log:count"] == 1
    assert figures["run_deliveries:log:10"] == 1
    assert figures["delivered_seconds:log:count"] == 2
    assert figures["delivered_seconds:log:0.5"] == 2
