"""`manage.py prune`: all that has served its time, at once."""

import pytest
from django.core.management import call_command

from lessons.models import Delivery, User
from lessons.tests.notifications.aftermath import told_days_ago
from lessons.tests.people import completed, scheduled

pytestmark = pytest.mark.django_db


def test_it_says_what_it_removed(alice: User, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    told_days_ago(completed(alice, bob), 91)
    number = Delivery.objects.count()

    call_command("prune")

    assert (
        f"Removed 0 stored answers, 0 expired tokens, 0 chord runs, 0 minutes, {number} deliveries."
        in capsys.readouterr().out
    )
    assert not Delivery.objects.exists()


def test_it_leaves_what_is_needed(alice: User, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    told_days_ago(scheduled(alice, bob), 91)

    call_command("prune")

    assert (
        "Removed 0 stored answers, 0 expired tokens, 0 chord runs, 0 minutes, 0 deliveries." in capsys.readouterr().out
    )
    assert Delivery.objects.exists()
