"""SMS against the real gateway, in good and bad moods."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from backend.gateway import Gateway
from backend.timing import Timing
from lessons.events import EventName
from lessons.notifications.channels import REGISTRY, SendError
from lessons.notifications.channels.sms import parse_retry_after
from lessons.tests.notifications.messages import message

SMS = REGISTRY["sms"]
IMPATIENCE = 0.3


@pytest.fixture
def _impatient(settings: Settings) -> None:
    """For the tests of time-outs only: an answer that takes this long on a busy machine fails no other test."""
    settings.TIMING = Timing(provider_timeout=IMPATIENCE)


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    settings.SMS_GATEWAY_TOKEN = "open sesame"
    with Gateway(token="open sesame", latency_seconds=0) as running:
        settings.SMS_GATEWAY_URL = running.url
        yield running


def failure(**of: Any) -> dict[str, Any]:
    """How sending fails: the error's flags that are set."""
    with pytest.raises(SendError) as caught:
        SMS.send(message(**of))
    return {name: value for name, value in vars(caught.value).items() if value}


def test_a_message_reaches_the_provider(gateway: Gateway) -> None:
    sent = SMS.send(message(EventName.STARTED, delivery_id=42, phone="+79001234567"))

    (arrived,) = gateway.provider.messages.latest(10)
    assert (arrived["key"], arrived["to"]) == ("delivery-42", "+79001234567")
    assert arrived["text"] == "The lesson “Algebra” has started."
    assert sent.provider_id == arrived["id"]


def test_the_same_delivery_again_is_accepted_and_not_sent_twice(gateway: Gateway) -> None:
    first, second = SMS.send(message(delivery_id=42)), SMS.send(message(delivery_id=42))

    assert first == second
    counts = gateway.provider.traffic.stats()
    assert (counts["raw"], counts["effective"]) == (2, 1)


@pytest.mark.parametrize("phone", ["+7900", "+79000000666"])
def test_a_number_that_the_provider_declines_is_declined_for_good(gateway: Gateway, phone: str) -> None:
    gateway.provider.faults.update({"fail_numbers": ["+79000000666"]})

    assert failure(phone=phone) == {"permanent": True}


@pytest.mark.parametrize(
    ("status", "retry_after", "flags"),
    [
        (400, None, {"permanent": True}),
        (403, None, {"permanent": True}),
        (429, None, {}),
        (429, 17, {"retry_after": 17.0}),
        (500, None, {"suspicious": True}),
        (502, 17, {"suspicious": True, "retry_after": 17.0}),
        (503, None, {"channel_down": True}),
        (503, 17, {"channel_down": True, "retry_after": 17.0}),
    ],
)
def test_an_answer_that_is_no_success_says_what_it_means(
    gateway: Gateway, status: int, retry_after: int | None, flags: dict[str, Any]
) -> None:
    gateway.provider.faults.update({"error_rate": 1, "error_status": status, "retry_after_seconds": retry_after})

    assert failure() == flags


@pytest.mark.usefixtures("_impatient")
def test_a_provider_that_does_not_answer_in_time_is_suspicious(gateway: Gateway) -> None:
    gateway.provider.faults.update({"accept_then_time_out": True})
    started = time.monotonic()

    assert failure() == {"suspicious": True}

    assert IMPATIENCE <= time.monotonic() - started < IMPATIENCE + 2


def test_a_provider_that_resets_connections_is_down(gateway: Gateway) -> None:
    gateway.provider.faults.update({"refuse": True})

    assert failure() == {"channel_down": True}


def test_a_provider_that_is_not_there_is_down(gateway: Gateway) -> None:
    SMS.send(message())
    gateway.stop()

    assert failure() == {"channel_down": True}


@pytest.mark.usefixtures("_impatient")
def test_a_provider_that_takes_the_connection_and_never_speaks_is_suspicious(
    gateway: Gateway, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"

        assert failure() == {"suspicious": True}


def test_a_token_that_is_refused_is_no_messages_fault(gateway: Gateway, settings: Settings) -> None:
    settings.SMS_GATEWAY_TOKEN = "wrong"

    assert failure() == {"channel_down": True}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        ("soon", None),
        ("-5", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_from_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header) == seconds


def test_a_date_to_come_is_so_many_seconds_away() -> None:
    in_an_hour = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3600))

    assert 3595 < (parse_retry_after(in_an_hour) or 0) <= 3600
