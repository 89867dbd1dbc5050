"""Whose word counts about who asks: our nginx's alone."""

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from backend import proxies
from backend.proxies import TrustedProxies

NGINX, SOMEBODY = "172.18.0.5", "203.0.113.7"


@pytest.fixture(autouse=True)
def _nginx_is_trusted(settings: Any) -> Iterator[None]:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("172.16.0.0/12"), ipaddress.ip_network("fd00::/8")]
    proxies._is_trusted.cache_clear()
    yield
    proxies._is_trusted.cache_clear()


def seen(peer: str, **headers: str) -> dict[str, Any]:
    """What the application sees of a request that comes from `peer`."""
    requests: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return HttpResponse()

    TrustedProxies(view)(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))
    return requests[0].META


@pytest.mark.parametrize("said", [SOMEBODY, f"1.2.3.4, {SOMEBODY}", f"10.0.0.1,{SOMEBODY}", f"nonsense, {SOMEBODY}"])
def test_the_hop_that_nginx_has_seen_is_the_client(said: str) -> None:
    assert seen(NGINX, **{"X-Forwarded-For": said})["REMOTE_ADDR"] == SOMEBODY


def test_an_ipv6_client_and_proxy_are_understood() -> None:
    assert seen("fd00::2", **{"X-Forwarded-For": "2001:db8::7"})["REMOTE_ADDR"] == "2001:db8::7"


@pytest.mark.parametrize("said", ["", "nonsense", "1.2.3.4, ", "1.2.3.4, <script>", "256.1.1.1"])
def test_without_an_address_the_proxy_is_the_client(said: str) -> None:
    assert seen(NGINX, **{"X-Forwarded-For": said})["REMOTE_ADDR"] == NGINX


def test_nobody_else_may_say_who_they_are_or_that_they_use_tls() -> None:
    forged = {
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "1.2.3.4",
        "Forwarded": "for=1.2.3.4",
    }

    meta = seen(SOMEBODY, **forged)

    assert meta["REMOTE_ADDR"] == SOMEBODY
    assert [name for name in proxies.FORWARDED if name in meta] == []


@pytest.mark.parametrize("peer", ["", "unix:", "127.0.0.1"])
def test_a_peer_that_is_no_known_proxy_is_not_believed(peer: str) -> None:
    assert seen(peer, **{"X-Forwarded-For": SOMEBODY})["REMOTE_ADDR"] == peer
