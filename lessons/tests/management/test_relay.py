"""`manage.py relay --loop`: what beat does, without beat."""

import time
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from lessons.models import Delivery, User
from lessons.tests.notifications.aftermath import told_days_ago
from lessons.tests.people import completed, scheduled
from lessons.tests.rows import a_day_passes
from lessons.wake import waker

pytestmark = pytest.mark.django_db(transaction=True)


def loop(monkeypatch: pytest.MonkeyPatch, *, rounds: int) -> None:
    """Ctrl-C is pressed after so many rounds; nobody waits for the next one."""
    waker().rest()  # it sleeps, too
    left = [None] * (rounds - 1)

    def sleep(_seconds: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()

    monkeypatch.setattr(time, "sleep", sleep)
    call_command("relay", "--loop")


def test_it_relays_reminds_and_prunes(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, lesson = completed(alice, bob), scheduled(alice, bob, at=timezone.now() + timedelta(hours=48, minutes=-5))
    told_days_ago(old, 91)
    a_day_passes(lesson)

    loop(monkeypatch, rounds=1)

    assert lesson.events.filter(name="reminder").count() == 1
    assert not Delivery.objects.filter(lesson=old).exists()
    relayed, last = capsys.readouterr().out.splitlines()
    assert relayed.startswith("taken back 0, expanded 0, launched")
    assert last == "Stopped."


def test_it_starts_each_task_as_often_as_beat_would(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    schedule: dict[str, Any] = {}
    for name, seconds in (("often", 0.0), ("seldom", 3600.0)):

        def task(name: str = name) -> None:
            started.append(name)

        schedule[name] = {"task": current_app.task(task, name=f"tests.{name}").name, "schedule": seconds}
    settings.CELERY_BEAT_SCHEDULE = schedule

    loop(monkeypatch, rounds=3)

    assert started == ["often", "seldom", "often", "often"]
