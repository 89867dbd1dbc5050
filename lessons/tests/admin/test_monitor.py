"""The chord monitor: what it shows, to whom, and what it costs."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lessons import heartbeat
from lessons.models import ChordRun, Delivery, RunState, User
from lessons.notifications.close import close_run
from lessons.notifications.reap import reap
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import LOGIN, page_of
from lessons.tests.brokers import AWAY, broker_at
from lessons.tests.notifications.deliveries import HOUR, claimed, latest, put, sent_run, taken
from lessons.tests.people import in_days, scheduled

pytestmark = pytest.mark.django_db

MONITOR = "/admin/monitor/"
LIVE = ["/admin/monitor/live/now/", "/admin/monitor/live/rates/"]


@pytest.fixture(autouse=True)
def _charts_are_drawn_anew(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def shown(client: Client, url: str = MONITOR) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_a_run_is_shown_with_its_progress_and_its_page_in_flower(marias: Client, alice: User, bob: User) -> None:
    scheduled(alice, bob)
    run = claimed().run

    page = shown(marias)

    assert f'<progress value="0" max="{run.size}"' in page
    assert f'href="{settings.FLOWER_URL}/task/{run.pk}"' in page
    assert page_of(run) in page
    assert '<span class="chip chip-queued">queued</span>' in page


def test_a_stalled_run_is_in_the_open_with_when_and_how_it_is_mended(marias: Client, alice: User, bob: User) -> None:
    scheduled(alice, bob)
    claim, _messages = taken()
    Delivery.objects.filter(run=claim.run).update(lease_until=timezone.now() - HOUR)
    heartbeat.beat(heartbeat.RELAY)

    page = shown(marias)

    assert "Stalled and lost runs" in page
    assert "Workers have not reported back on 2 deliveries." in page
    assert "The relay takes them back within 10 s and sends them again, each on its own." in page


def test_without_a_relay_nothing_is_mended_and_the_page_says_so(marias: Client, alice: User, bob: User) -> None:
    scheduled(alice, bob)
    put(claimed().run, started_at=timezone.now() - timedelta(minutes=1))

    assert "The relay is not running, so nothing is mended: start beat." in shown(marias)


def test_a_lost_run_tells_what_became_of_it(marias: Client, alice: User, bob: User) -> None:
    scheduled(alice, bob)
    claim, _messages = taken()
    Delivery.objects.filter(run=claim.run).update(lease_until=timezone.now() - HOUR)
    reap()

    assert "Taken back by the relay: 2 on their way again." in shown(marias)


def test_a_launch_that_failed_is_told(marias: Client) -> None:
    ChordRun.objects.create(
        channel="sms", size=1, delivery_count=1, state=RunState.LOST, closed_at=timezone.now(), report={"launch": "no"}
    )

    assert "The broker did not take it." in shown(marias)


def test_dead_letters_lead_to_their_redelivery(marias: Client, alice: User, bob: User) -> None:
    put(latest(scheduled(alice, bob), bob), state="dead")

    page = shown(marias)

    assert "/admin/lessons/delivery/?state__exact=dead&amp;channel=sms" in page
    assert "/admin/monitor/redeliver/?channel=sms" in page


def test_the_charts_show_what_was_sent(marias: Client, alice: User, bob: User) -> None:
    scheduled(alice, bob)
    close_run(run_id=sent_run().run.pk)

    page = shown(marias, LIVE[1])

    assert "· sent: 2</title>" in page
    assert page.count('role="img"') == 4
    assert "p95" in page


def test_a_broker_that_is_away_is_said_so(marias: Client, settings: Any) -> None:
    with broker_at(AWAY["refused"], settings, within_seconds=3):
        assert "The broker is away" in shown(marias)


def test_without_javascript_the_page_reloads_by_itself(marias: Client) -> None:
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in shown(marias)


@pytest.mark.parametrize("url", [MONITOR, *LIVE])
def test_a_page_costs_the_same_however_much_there_is(marias: Client, alice: User, bob: User, url: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(marias, url)
        return len(captured)

    queries()
    few = queries()
    for n in range(5):
        scheduled(alice, bob, at=in_days(2 + n))
        claimed()

    assert queries() == few
    assert few <= 8


@pytest.mark.parametrize("url", [MONITOR, *LIVE, "/admin/monitor/redeliver/"])
def test_it_is_for_managers_and_administrators(alice: User, bob: User, roots: Client, url: str) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    assert roots.get(url).status_code == 200
    assert logged_in(alice).get(url).status_code == 403
    assert logged_in(bob).get(url).headers["Location"].startswith(LOGIN)
    assert Client().get(url).headers["Location"].startswith(LOGIN)


@pytest.mark.parametrize("url", [MONITOR, *LIVE])
def test_it_is_only_looked_at(marias: Client, url: str) -> None:
    assert marias.post(url).status_code == 405


def test_a_part_that_is_none_is_not_found(marias: Client) -> None:
    assert marias.get(reverse("admin:monitor_live", args=["passwords"])).status_code == 404


def test_an_event_is_drilled_down_to_every_attempt(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    run = sent_run().run

    page = shown(marias, page_of(lesson.dispatches.latest("pk")))

    assert all(text in page for text in ("Bob", "Alice", "SMS", "0.1 s"))
    assert page_of(run) in page
    assert "Chord runs that carried them" in page
