"""An SMS over real HTTP: sent once per key, answered after a while, declined for a reason."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from backend.gateway import Gateway
from backend.tests.gateway.clients import ALICE, AUTHORIZED, BOB, all_sms, ask, send_sms, set_faults, sms_stats
from lessons.tests.waiting import wait_until


def test_a_message_is_accepted_and_can_be_read_back(gateway: Gateway) -> None:
    answer = send_sms(gateway, "k1", to=BOB, text="Урок отменён")

    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], "status": "accepted"}
    [message] = all_sms(gateway)
    assert message["id"] == answer.json()["id"]
    assert (message["key"], message["to"], message["text"]) == ("k1", BOB, "Урок отменён")
    assert message["accepted_at"] < message["answered_at"]
    assert message["raw_sends"] == 1


def test_the_answer_comes_after_the_latency(gateway: Gateway) -> None:
    set_faults(gateway, latency_seconds=0.2, slow=0.1)
    started = time.monotonic()
    send_sms(gateway, "k1")
    assert 0.3 <= time.monotonic() - started < 0.6


def test_the_same_key_again_is_told_so_and_not_sent_again(gateway: Gateway) -> None:
    first = send_sms(gateway, "k1")
    second = send_sms(gateway, "k1")

    assert second.status_code == 200
    assert second.json() == first.json() | {"duplicate": True}
    assert all_sms(gateway)[0]["raw_sends"] == 2
    assert (sms_stats(gateway)["raw"], sms_stats(gateway)["effective"]) == (2, 1)


def test_a_key_that_is_in_flight_many_times_is_sent_once(gateway: Gateway) -> None:
    set_faults(gateway, latency_seconds=0.2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send_sms(gateway, "k1"), range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (sms_stats(gateway)["raw"], sms_stats(gateway)["effective"]) == (8, 1)


def test_twenty_sends_at_once_take_hardly_longer_than_one(gateway: Gateway) -> None:
    set_faults(gateway, latency_seconds=0.3)
    started = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: send_sms(gateway, f"k{number}"), range(20)))

    assert time.monotonic() - started < 1
    assert {answer.status_code for answer in answers} == {201}
    assert sms_stats(gateway)["max_in_flight"] > 10
    assert sms_stats(gateway)["in_flight"] == 0


def test_a_client_that_loses_patience_has_had_its_message_sent(gateway: Gateway) -> None:
    set_faults(gateway, latency_seconds=0.3)
    with pytest.raises(requests.Timeout):
        send_sms(gateway, "k1", timeout=0.1)

    assert [message["answered_at"] for message in all_sms(gateway)] == [None]
    wait_until(lambda: sms_stats(gateway)["unanswered"] == 1)


def test_a_kept_connection_serves_many_sends_without_delay(gateway: Gateway) -> None:
    set_faults(gateway, latency_seconds=0)
    started = time.monotonic()
    with requests.Session() as session:
        for number in range(50):
            session.post(
                f"{gateway.url}/sms/messages",
                json={"to": ALICE, "text": "Hello"},
                headers=AUTHORIZED | {"Idempotency-Key": f"k{number}"},
                timeout=5,
            )
    assert time.monotonic() - started < 1
    assert sms_stats(gateway)["effective"] == 50


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "Hello"}, "to"),
        ({"to": ALICE}, "text"),
        ({"to": ALICE, "text": " "}, "text"),
        ({"to": 79001234567, "text": "Hello"}, "to"),
    ],
)
def test_a_missing_or_wrong_field_is_named(gateway: Gateway, body: dict[str, Any], field: str) -> None:
    headers = AUTHORIZED | {"Idempotency-Key": "k1"}
    answer = ask(gateway, "POST", "/sms/messages", json=body, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"to"', b"\xff", b"[" * 20_000])
def test_a_malformed_body_is_a_400(gateway: Gateway, body: bytes) -> None:
    headers = AUTHORIZED | {"Idempotency-Key": "k1"}
    answer = ask(gateway, "POST", "/sms/messages", data=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k" * 256}])
def test_a_missing_or_overlong_key_is_a_400(gateway: Gateway, headers: dict[str, str]) -> None:
    body = {"to": ALICE, "text": "Hello"}
    answer = ask(gateway, "POST", "/sms/messages", json=body, headers=AUTHORIZED | headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize("to", ["89001234567", "+123456", "+1234567890123456", ALICE + "\n"])
def test_an_unknown_form_of_number_is_permanent(gateway: Gateway, to: str) -> None:
    answer = send_sms(gateway, "k1", to=to)
    assert (answer.status_code, answer.json()["error"]) == (422, "unknown_number")
    assert (sms_stats(gateway)["declined"], sms_stats(gateway)["raw"]) == (1, 0)
