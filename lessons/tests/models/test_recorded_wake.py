"""A saved change wakes the relay: on commit, once, and never where nothing was committed."""

import pytest
from django.db import transaction

from lessons.broker import breaker
from lessons.broker import connection as broker
from lessons.models import User
from lessons.tests.people import draft, scheduled
from lessons.tests.queues import empty_broker, waiting
from lessons.tests.rows import history
from lessons.wake import KEY, waker

pytestmark = pytest.mark.django_db(transaction=True)


def is_woken() -> bool:
    waker().rest()
    return bool(broker().exists(KEY))


def test_the_relay_is_woken_once_on_commit_and_not_before(alice: User, bob: User) -> None:
    with transaction.atomic():
        lesson = draft(alice, bob)
        lesson.schedule()
        lesson.save()
        assert not is_woken()

    assert is_woken()
    assert waiting("control") == 1


def test_a_change_that_is_rolled_back_wakes_nobody(alice: User) -> None:
    with transaction.atomic():
        draft(alice)
        transaction.set_rollback(True)

    assert not is_woken()
    assert waiting("control") == 0


def test_a_save_without_change_wakes_nobody(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    empty_broker()

    lesson.save()

    assert not is_woken()


def test_a_change_succeeds_while_the_broker_is_left_alone(alice: User) -> None:
    breaker.trip()

    lesson = draft(alice)

    assert history(lesson) == ["created"]
    assert not broker().exists(KEY)
