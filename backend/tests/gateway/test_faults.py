"""The moods that a test or a drill asks for, and what an SMS meets in them."""

import json

import pytest
import requests

from backend.gateway import Gateway
from backend.tests.gateway.clients import ALICE, BOB, BOBS_MAIL, TOKEN, all_sms, ask, send_sms, set_faults, sms_stats
from lessons.tests.waiting import wait_until


def test_only_the_settings_named_change(gateway: Gateway) -> None:
    before = ask(gateway, "GET", "/faults").json()
    changed = ask(gateway, "PUT", "/faults", json={"error_rate": 0.5, "slow": 2}).json()
    assert changed == before | {"error_rate": 0.5, "slow": 2}
    assert ask(gateway, "GET", "/faults").json() == changed


def test_a_reset_brings_back_the_settings_of_the_start(gateway: Gateway) -> None:
    before = ask(gateway, "GET", "/faults").json()
    set_faults(gateway, refuse=True, latency_seconds=3)
    assert ask(gateway, "DELETE", "/faults").json() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latency_seconds", -1),
        ("latency_seconds", float("nan")),
        ("slow", "1"),
        ("slow", 601),
        ("error_rate", 1.1),
        ("error_rate", True),
        ("error_status", 200),
        ("error_status", 500.0),
        ("retry_after_seconds", -1),
        ("refuse", 1),
        ("accept_then_time_out", None),
        ("fail_numbers", ALICE),
        ("fail_numbers", ["12"]),
        ("mail_latency_seconds", -1),
        ("mail_error_rate", 2),
        ("mail_error_status", 250),
        ("mail_refuse", "yes"),
        ("mail_accept_then_time_out", 1),
        ("fail_addresses", BOBS_MAIL),
        ("fail_addresses", ["bob"]),
        ("no_such_setting", 1),
    ],
)
def test_a_bad_setting_is_named_and_nothing_changes(gateway: Gateway, name: str, value: object) -> None:
    before = ask(gateway, "GET", "/faults").json()
    body = json.dumps({"slow": 1} | {name: value})
    answer = ask(gateway, "PUT", "/faults", data=body)
    assert (answer.status_code, answer.json()["field"]) == (400, name)
    assert ask(gateway, "GET", "/faults").json() == before


def test_an_error_carries_its_status_and_retry_after(gateway: Gateway) -> None:
    set_faults(gateway, error_rate=1, error_status=503, retry_after_seconds=7)
    answer = send_sms(gateway, "k1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert (sms_stats(gateway)["failed"], all_sms(gateway)) == (1, [])


def test_an_error_has_no_retry_after_unless_it_is_set(gateway: Gateway) -> None:
    set_faults(gateway, error_rate=1)
    answer = send_sms(gateway, "k1")
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers


def test_the_same_seed_fails_the_same_sends() -> None:
    def failures() -> list[bool]:
        with Gateway(token=TOKEN, latency_seconds=0, seed=3) as gateway:
            set_faults(gateway, error_rate=0.5)
            return [send_sms(gateway, f"k{number}").ok for number in range(20)]

    assert failures() == failures()
    assert {True, False} == set(failures())


def test_refusing_resets_sends_but_leaves_the_rest_alone(gateway: Gateway) -> None:
    set_faults(gateway, refuse=True)
    with pytest.raises(requests.ConnectionError, match="reset"):
        send_sms(gateway, "k1")

    assert (sms_stats(gateway)["refused"], sms_stats(gateway)["effective"]) == (1, 0)
    set_faults(gateway, refuse=False)
    assert send_sms(gateway, "k1").status_code == 201


def test_accept_then_time_out_sends_and_never_answers(gateway: Gateway) -> None:
    set_faults(gateway, accept_then_time_out=True)
    with pytest.raises(requests.Timeout):
        send_sms(gateway, "k1", timeout=0.2)

    wait_until(lambda: sms_stats(gateway)["in_flight"] == 0)
    assert (sms_stats(gateway)["effective"], sms_stats(gateway)["unanswered"]) == (1, 1)
    ask(gateway, "DELETE", "/faults")
    assert send_sms(gateway, "k1").json()["duplicate"] is True


def test_only_the_failing_numbers_fail(gateway: Gateway) -> None:
    set_faults(gateway, fail_numbers=[BOB])
    answer = send_sms(gateway, "k1", to=BOB)
    assert (answer.status_code, answer.json()["error"]) == (422, "unreachable_number")
    assert send_sms(gateway, "k2", to=ALICE).status_code == 201
