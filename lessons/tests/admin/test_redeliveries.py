"""Dead letters get another try from the admin: one, all of an event, of a channel; asked first, with a number."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from lessons.models import Delivery, DeliveryState, Redelivery, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import moment, told
from lessons.tests.notifications.aftermath import died
from lessons.tests.notifications.deliveries import HOUR, latest
from lessons.tests.people import in_days, scheduled

pytestmark = pytest.mark.django_db

CHANNEL_PAGE = "/admin/monitor/redeliver/"


@pytest.fixture
def dead(alice: User, bob: User) -> Delivery:
    """Bob's SMS, which was given up an hour ago."""
    return died(latest(scheduled(alice, bob), bob), HOUR)


def page_for(delivery: Delivery) -> str:
    return f"/admin/lessons/delivery/{delivery.pk}/redeliver/"


def page_for_all(delivery: Delivery) -> str:
    return f"/admin/lessons/dispatch/{delivery.dispatch_id}/redeliver/"


def of_channel(hours: int = 2, **more: Any) -> dict[str, Any]:
    return {"channel": "sms", **moment("since", timezone.now() - timedelta(hours=hours)), **more}


def state(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


@pytest.mark.parametrize("page", [page_for, page_for_all])
def test_it_says_how_many_and_asks_before_it_does_anything(marias: Client, dead: Delivery, page: Any) -> None:
    shown = marias.get(page(dead)).content.decode()
    marias.post(page(dead), {"reason": "no confirmation"})

    assert "1 dead letter" in shown
    assert 'name="confirmed"' in shown
    assert state(dead) == DeliveryState.DEAD


@pytest.mark.parametrize("page", [page_for, page_for_all])
def test_confirmed_it_is_on_its_way_again_and_noted(marias: Client, maria: User, dead: Delivery, page: Any) -> None:
    response = marias.post(page(dead), {"confirmed": "yes", "reason": "she called"})

    assert state(dead) == DeliveryState.PENDING
    assert told(response) == "1 delivery is on its way again."
    assert (Redelivery.objects.get().actor, Redelivery.objects.get().reason) == (maria, "she called")


def test_a_channel_is_counted_since_a_time(marias: Client, dead: Delivery, alice: User, bob: User) -> None:
    died(latest(scheduled(alice, bob, at=in_days(3)), bob), 5 * HOUR)

    two_hours = marias.post(CHANNEL_PAGE, of_channel(2)).content.decode()
    ten_hours = marias.post(CHANNEL_PAGE, of_channel(10)).content.decode()

    assert "1 dead letter over SMS since" in two_hours
    assert "2 dead letters over SMS since" in ten_hours
    assert "Send 2 again" in ten_hours
    assert not Redelivery.objects.exists()


def test_all_of_a_channel_are_redelivered(marias: Client, dead: Delivery, alice: User, bob: User) -> None:
    older = died(latest(scheduled(alice, bob, at=in_days(3)), bob), 5 * HOUR)

    response = marias.post(CHANNEL_PAGE, of_channel(2, confirmed="yes"))

    assert (state(dead), state(older)) == (DeliveryState.PENDING, DeliveryState.DEAD)
    assert "1 delivery is on its way again." in told(response)


def test_a_double_click_redelivers_once(marias: Client, dead: Delivery) -> None:
    marias.post(page_for(dead), {"confirmed": "yes"})
    second = marias.post(page_for(dead), {"confirmed": "yes"})

    assert "perhaps a colleague was quicker" in told(second)
    assert Redelivery.objects.count() == 1


def test_what_is_not_dead_offers_nothing(marias: Client, alice: User, bob: User) -> None:
    delivery = latest(scheduled(alice, bob), bob)

    page = marias.get(page_for(delivery)).content.decode()

    assert "Nothing is dead" in page
    assert 'name="confirmed"' not in page


@pytest.mark.parametrize("typed", [{"channel": "drums"}, {"since_0": "yesterday"}, {"reason": "x" * 2001}])
def test_what_makes_no_sense_is_an_error_and_sends_nothing(
    marias: Client, dead: Delivery, typed: dict[str, str]
) -> None:
    response = marias.post(CHANNEL_PAGE, {**of_channel(2, confirmed="yes"), **typed})

    assert response.status_code == 200
    assert state(dead) == DeliveryState.DEAD


@pytest.mark.parametrize("url", [CHANNEL_PAGE, "delivery", "dispatch"])
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_nobody_but_managers_redelivers_in_the_admin(
    dead: Delivery, url: str, who: str, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    User.objects.filter(pk=person.pk).update(is_staff=True)
    address = {"delivery": page_for(dead), "dispatch": page_for_all(dead)}.get(url, url)

    response = logged_in(person).post(address, of_channel(2, confirmed="yes"))

    assert response.status_code in (302, 403)
    assert state(dead) == DeliveryState.DEAD


def test_a_page_of_another_site_redelivers_nothing(maria: User, dead: Delivery) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(maria)

    assert client.post(page_for(dead), {"confirmed": "yes"}).status_code == 403
    assert state(dead) == DeliveryState.DEAD
