"""The one receiver of post_transition knows nothing but the signal's arguments, and cares for lessons only."""

from typing import Any

import pytest
from django_fsm.signals import post_transition

from lessons.models import Lesson, User
from lessons.tests.people import draft
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db


def announce(instance: Any, **more: Any) -> None:
    """As django-fsm-2 does."""
    arguments = {"name": "cancel", "source": "draft", "target": "cancelled", "method_args": (), "method_kwargs": {}}
    post_transition.send(sender=type(instance), instance=instance, field=None, **{**arguments, **more})


def test_other_state_machines_are_left_alone() -> None:
    class Door:
        pass

    announce(Door(), name="close", source="open", target="closed")


def test_an_announcement_asks_the_database_nothing(alice: User, bob: User, django_assert_num_queries: Any) -> None:
    lesson = Lesson.objects.get(pk=draft(alice, bob).pk)

    with django_assert_num_queries(0):
        lesson.cancel(actor=alice, reason="flu")


def test_an_announcement_writes_nothing(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written():
        announce(lesson)


def test_a_transition_without_actor_and_reason_is_the_systems(alice: User) -> None:
    lesson = draft(alice)

    lesson.cancel()
    lesson.save()

    event = lesson.events.latest("id")
    assert (history(lesson), event.actor, event.reason) == (["created", "cancelled"], None, "")
