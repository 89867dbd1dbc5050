"""The figures of each channel: bounded, and by the index that the claim uses, too."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from lessons import monitoring
from lessons.models import Channel, Delivery, User
from lessons.monitoring import ChannelFigures, counting
from lessons.tests.notifications.deliveries import HOUR, claimed, expand_all, latest, put
from lessons.tests.people import in_days, scheduled

pytestmark = pytest.mark.django_db


def figures(name: str = "sms") -> ChannelFigures:
    return next(channel for channel in monitoring.channel_figures() if channel.name == name)


def test_what_waits_what_is_in_flight_and_what_is_dead_is_told_apart(alice: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, bob, carol)
    put(latest(lesson, bob), state="dead")
    put(latest(lesson, carol), next_attempt_at=timezone.now() + HOUR)
    Delivery.objects.exclude(dispatch=lesson.events.latest("id").pk).update(state="skipped")

    before = figures()
    claimed()
    after = figures()

    assert [str(n) for n in (before.due, before.later, before.in_flight, before.dead)] == ["1", "1", "0", "1"]
    assert [str(n) for n in (after.due, after.later, after.in_flight, after.dead)] == ["0", "1", "1", "1"]


def test_the_oldest_is_the_one_that_has_been_due_for_longest(alice: User, bob: User) -> None:
    oldest = put(latest(scheduled(alice, bob), bob), next_attempt_at=timezone.now() - 2 * HOUR)
    latest(scheduled(alice, bob, at=in_days(3)), bob)

    channel = figures()

    assert channel.oldest_id == oldest.pk
    assert channel.oldest_seconds == pytest.approx(7200, abs=5)


def test_a_channel_that_never_sent_anything_is_there_too() -> None:
    assert [channel.name for channel in monitoring.channel_figures()] == ["log", "email", "sms"]
    assert figures().oldest_id is None


def test_a_provider_that_is_left_alone_is_told(db: None) -> None:
    Channel.objects.create(name="sms", window=5, open_until=timezone.now() + timedelta(seconds=30))

    assert figures().is_left_alone


def test_nobody_counts_further_than_one_wants_to_know(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled(alice, bob)
    expand_all()
    monkeypatch.setattr(counting, "COUNTED_UP_TO", 3)
    waiting = Delivery.objects.filter(state="pending")

    assert waiting.count() > 4
    assert str(counting.capped(waiting)) == "3+"
    assert str(counting.capped(waiting.filter(channel="sms", recipient=bob))) == "2"


def test_all_channels_are_one_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        monitoring.channel_figures()
