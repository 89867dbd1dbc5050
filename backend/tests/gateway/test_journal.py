"""The journal: one line for each SMS, e-mail or request that changes something."""

import json
import smtplib
from pathlib import Path

import pytest
import requests

from backend.gateway import Gateway
from backend.tests.gateway.clients import (
    ALICE,
    ALICES_MAIL,
    AUTHORIZED,
    BOBS_MAIL,
    SCHOOL,
    all_sms,
    ask,
    entries,
    mail_entries,
    send_mail,
    send_sms,
    set_faults,
)
from lessons.tests.waiting import wait_until


def test_each_send_leaves_one_line_that_tells_its_fate(gateway: Gateway, journal: Path) -> None:
    sent = send_sms(gateway, "k1")
    send_sms(gateway, "k1")
    send_sms(gateway, "k2", to="12")
    set_faults(gateway, refuse=True)
    with pytest.raises(requests.ConnectionError):
        send_sms(gateway, "k3")

    accepted, duplicate, declined, faults, refused = entries(journal)
    assert (accepted["outcome"], accepted["status"]) == ("accepted", 201)
    assert (accepted["key"], accepted["to"], accepted["text"]) == ("k1", ALICE, "Hello")
    assert accepted["id"] == duplicate["id"] == sent.json()["id"]
    assert accepted["arrived_at"] < accepted["answered_at"] < duplicate["arrived_at"]
    assert (duplicate["outcome"], duplicate["status"]) == ("duplicate", 200)
    assert (declined["outcome"], declined["status"]) == ("unknown_number", 422)
    assert faults["changes"] == {"refuse": True}
    assert (refused["outcome"], refused["key"]) == ("refused", "k3")
    assert (refused["status"], refused["answered_at"]) == (None, None)


def test_looking_leaves_no_line(gateway: Gateway, journal: Path) -> None:
    all_sms(gateway)
    ask(gateway, "GET", "/")
    assert entries(journal) == []


def test_any_text_that_json_can_carry_is_sent_shown_and_written_down(gateway: Gateway, journal: Path) -> None:
    assert send_sms(gateway, "k1", text="half a pair: \ud83d, a nought: \0").ok
    assert ask(gateway, "GET", "/").status_code == 200
    assert entries(journal)[0]["text"] == "half a pair: \ud83d, a nought: \0"


def test_each_e_mail_leaves_one_line_that_tells_its_fate(gateway: Gateway, journal: Path) -> None:
    send_mail(gateway)
    send_mail(gateway)
    set_faults(gateway, fail_addresses=[BOBS_MAIL])
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send_mail(gateway, to=BOBS_MAIL)
    set_faults(gateway, mail_error_rate=1)
    with pytest.raises(smtplib.SMTPDataError):
        send_mail(gateway)
    set_faults(gateway, mail_error_rate=0, mail_accept_then_time_out=True)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send_mail(gateway, timeout=0.2)
    wait_until(lambda: len(mail_entries(journal)) == 5)

    first, again, declined, failed, unanswered = mail_entries(journal)
    assert (first["outcome"], first["status"], first["arrival"]) == ("accepted", 250, 1)
    assert (first["sender"], first["to"], first["subject"]) == (SCHOOL, [ALICES_MAIL], "Hello")
    assert first["message_id"] == again["message_id"] == "<m1@school.example>"
    assert first["arrived_at"] < first["answered_at"] < again["arrived_at"]
    assert (again["outcome"], again["arrival"]) == ("accepted", 2)
    assert (declined["outcome"], declined["status"], declined["to"]) == ("unreachable_address", 550, [BOBS_MAIL])
    assert (failed["outcome"], failed["status"]) == ("injected_error", 451)
    assert (unanswered["outcome"], unanswered["status"], unanswered["answered_at"]) == ("accepted", None, None)


def test_an_sms_is_told_apart(gateway: Gateway, journal: Path) -> None:
    set_faults(gateway, latency_seconds=0)
    headers = AUTHORIZED | {"Idempotency-Key": "k1"}
    ask(gateway, "POST", "/sms/messages", json={"to": "+79001234567", "text": "Hello"}, headers=headers)

    assert json.loads(journal.read_text().splitlines()[-1])["channel"] == "sms"
