"""Who was told of one event, down to every attempt."""

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from lessons import monitoring
from lessons.models import Dispatch, User
from lessons.tests.notifications.deliveries import expand_all, latest, put
from lessons.tests.people import Student, scheduled

pytestmark = pytest.mark.django_db


def dispatch_of(teacher: User, *students: User) -> Dispatch:
    dispatch = scheduled(teacher, *students).dispatches.latest("pk")
    expand_all()
    dispatch.refresh_from_db()
    return dispatch


def test_deliveries_come_page_by_page_and_each_once(alice: User, bob: User, carol: User) -> None:
    dispatch = dispatch_of(alice, bob, carol)
    seen, after = [], ""
    while after is not None:
        page = monitoring.deliveries_of(dispatch, after=after, size=2)
        seen += [delivery.pk for delivery in page.deliveries]
        after = page.next_page

    assert len(seen) == len(set(seen)) == dispatch.deliveries.count()


@pytest.mark.parametrize("after", ["nonsense", "-", "9" * 40 + "-sms", "²-sms"])
def test_a_page_that_is_none_is_the_first(alice: User, bob: User, after: str) -> None:
    dispatch = dispatch_of(alice, bob)

    assert monitoring.deliveries_of(dispatch, after=after) == monitoring.deliveries_of(dispatch)


def test_somebody_is_found_by_name_and_by_state(alice: User, bob: User, carol: User) -> None:
    dispatch = dispatch_of(alice, bob, carol)
    put(latest(dispatch.lesson, bob), state="dead")

    bobs = monitoring.deliveries_of(dispatch, search="bo").deliveries
    dead = monitoring.deliveries_of(dispatch, state="dead").deliveries

    assert {delivery.recipient for delivery in bobs} == {bob}
    assert [(delivery.recipient, delivery.channel) for delivery in dead] == [(bob, "sms")]


def test_a_page_costs_the_same_for_many_as_for_few(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dispatch = dispatch_of(alice, *(Student() for _ in range(10)))

    with django_assert_num_queries(3):
        page = monitoring.deliveries_of(dispatch)
        assert [list(delivery.attempts.all()) for delivery in page.deliveries]
