"""A call takes half of the time that a task has, and the next goes on."""

import pytest
from pytest_django import Settings

from backend.timing import Timing
from lessons.models import Delivery, User
from lessons.retention import deliveries
from lessons.retention.prune import prune
from lessons.tests.notifications.aftermath import is_pruned, told_days_ago
from lessons.tests.people import completed

pytestmark = pytest.mark.django_db


def test_the_task_stops_when_half_of_its_time_is_over_and_the_next_goes_on(
    alice: User, bob: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "DISPATCHES_AT_ONCE", 1)
    lesson = completed(alice, bob)
    told_days_ago(lesson, 91)
    number = Delivery.objects.count()
    settings.TIMING = Timing.scaled(1e-9)

    removed = [prune() for _ in range(4)]

    assert removed == [number // 4] * 4
    assert prune() == 0
    assert is_pruned(lesson)
