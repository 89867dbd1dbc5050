"""A dispatch is settled when none of its deliveries is unfinished, with the counts of that moment."""

from functools import partial

import pytest
from django.db import transaction

from lessons.models import Delivery, Dispatch, Lesson, User
from lessons.notifications.settle import settle
from lessons.tests.notifications.deliveries import expand_all
from lessons.tests.people import draft
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(alice: User, bob: User) -> Lesson:
    lesson = draft(alice, bob)
    expand_all()
    return lesson


def in_states(*states: str) -> Dispatch:
    """The dispatch, with its four deliveries in these states, after it was looked at."""
    for row, state in zip(Delivery.objects.order_by("id"), states, strict=True):
        Delivery.objects.filter(pk=row.pk).update(state=state)
    settle(Dispatch.objects.values_list("pk", flat=True))
    return Dispatch.objects.get()


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("sent", "sent", "sent", "sent"), "delivered"),
        (("sent", "skipped", "skipped", "skipped"), "delivered"),
        (("sent", "sent", "dead", "skipped"), "partly_delivered"),
        (("dead", "dead", "skipped", "skipped"), "failed"),
        (("skipped", "skipped", "skipped", "skipped"), "skipped"),
    ],
)
def test_a_finished_dispatch_is_settled_with_its_counts(lesson: Lesson, states: tuple[str, ...], expected: str) -> None:
    dispatch = in_states(*states)

    assert (dispatch.state, dispatch.total) == (expected, 4)
    counts = (dispatch.sent, dispatch.dead, dispatch.skipped)
    assert counts == tuple(states.count(state) for state in ("sent", "dead", "skipped"))


@pytest.mark.parametrize("unfinished", ["pending", "leased"])
def test_a_dispatch_with_something_unfinished_is_not_settled(lesson: Lesson, unfinished: str) -> None:
    dispatch = in_states("sent", "dead", "skipped", unfinished)

    assert (dispatch.state, dispatch.settled_at, dispatch.total) == ("delivering", None, None)


def test_a_dispatch_that_is_not_expanded_is_not_settled(alice: User) -> None:
    draft(alice)

    settle(Dispatch.objects.values_list("pk", flat=True))

    assert Dispatch.objects.get().state == "pending"


def test_a_settled_dispatch_is_left_alone(lesson: Lesson) -> None:
    settled_at = in_states("sent", "sent", "sent", "sent").settled_at

    assert in_states("sent", "sent", "sent", "dead").settled_at == settled_at


def finish(delivery_id: int) -> None:
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery_id).update(state="sent")
        settle(Dispatch.objects.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_of_deliveries_that_end_at_once_the_last_one_settles(lesson: Lesson) -> None:
    race([partial(finish, pk) for pk in Delivery.objects.values_list("pk", flat=True)])

    assert (Dispatch.objects.get().state, Dispatch.objects.get().sent) == ("delivered", 4)
