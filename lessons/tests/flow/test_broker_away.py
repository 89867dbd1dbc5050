"""The broker is away: whoever changes a lesson hardly notices, and everybody is told once it is back."""

import time
from collections.abc import Iterator

import pytest
from django.conf import settings as real_settings
from pytest_django import Settings

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons.models import Delivery, User
from lessons.tests.brokers import Addresses, use_broker
from lessons.tests.flow.processes import Processes
from lessons.tests.flow.progress import everything_arrived_once, is_settled
from lessons.tests.people import draft
from lessons.tests.proxy import Proxy
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
QUICKLY = 3.0


@pytest.fixture(scope="module")
def time_scale() -> float:
    """Tasks must outlive a Redis that does not answer, whose time-outs are not scaled."""
    return 0.2


@pytest.fixture
def proxied() -> Iterator[tuple[Proxy, Addresses]]:
    with Addresses.of(real_settings).through_proxy() as (proxy, addresses):
        yield proxy, addresses


@pytest.fixture
def proxy(proxied: tuple[Proxy, Addresses]) -> Proxy:
    return proxied[0]


@pytest.fixture
def behind_the_proxy(proxied: tuple[Proxy, Addresses], settings: Settings) -> Iterator[None]:
    """This process, which stands for the web server, reaches the broker through the proxy."""
    usual = Addresses.of(settings)
    use_broker(proxied[1], settings)
    yield
    use_broker(usual, settings)


@pytest.fixture
def workers_behind_the_proxy(proxied: tuple[Proxy, Addresses], processes: Processes) -> Process:
    """So do a worker and a relay that ticks."""
    worker = processes.start_worker(**proxied[1].environment())
    processes.start_relay(**proxied[1].environment())
    return worker


@pytest.mark.parametrize("trouble", ["refuse", "black_hole"])
def test_a_change_is_quick_while_the_broker_is_away_and_told_once_when_it_is_back(
    proxy: Proxy,
    behind_the_proxy: None,
    workers_behind_the_proxy: Process,
    gateway: Gateway,
    alice: User,
    bob: User,
    trouble: str,
) -> None:
    draft(alice, bob, title="Geometry")
    wait_until(is_settled)

    getattr(proxy, trouble)()
    seconds = []
    for title in ("Algebra", "Analysis"):
        started = time.monotonic()
        draft(alice, bob, title=title)
        seconds.append(time.monotonic() - started)

    assert seconds[0] < QUICKLY
    assert seconds[1] < 0.5  # the first one has found out
    wait_until(lambda: Delivery.objects.filter(run__state="lost").exists())  # the relay tries, and gives back
    proxy.pass_on()
    wait_until(is_settled, within_seconds=40)
    assert everything_arrived_once(gateway)
    assert Delivery.objects.filter(state="sent").count() == 3 * 2 * 3
