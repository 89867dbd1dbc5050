"""The mail sink over real SMTP, in good and bad moods."""

import smtplib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.gateway import Gateway, GatewayError
from backend.tests.gateway.clients import (
    ALICES_MAIL,
    BOBS_MAIL,
    SCHOOL,
    TOKEN,
    a_mail,
    all_mails,
    ask,
    mail_entries,
    mail_stats,
    send_mail,
    set_faults,
)
from lessons.tests.waiting import wait_until


def test_an_e_mail_is_accepted_and_can_be_read_back(gateway: Gateway) -> None:
    send_mail(gateway, a_mail(subject="Урок отменён"))

    [arrived] = all_mails(gateway)
    assert (arrived["sender"], arrived["to"], arrived["message_id"]) == (SCHOOL, [ALICES_MAIL], "<m1@school.example>")
    assert (arrived["subject"], arrived["language"]) == ("Урок отменён", "ru")
    assert (arrived["text"].strip(), arrived["html"].strip()) == ("Hello", "<p>Hello</p>")
    assert arrived["attachments"] == ["lesson.ics"]
    assert arrived["accepted_at"] < arrived["answered_at"]


def test_the_same_message_id_again_is_another_arrival(gateway: Gateway) -> None:
    for _ in range(2):
        send_mail(gateway)
    send_mail(gateway, a_mail("<m2@school.example>"))

    assert [arrived["arrival"] for arrived in all_mails(gateway)] == [1, 2, 1]
    counts = mail_stats(gateway)
    assert (counts["raw"], counts["effective"], counts["duplicates"]) == (3, 3, 1)


def test_sms_and_e_mails_are_counted_apart(gateway: Gateway) -> None:
    send_mail(gateway)

    assert ask(gateway, "GET", "/stats").json()["raw"] == 0


def test_many_clients_at_once_are_served_side_by_side(gateway: Gateway) -> None:
    set_faults(gateway, mail_latency_seconds=0.3)
    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda number: send_mail(gateway, a_mail(f"<m{number}@school.example>")), range(10)))

    assert 0.3 <= time.monotonic() - started < 1.5
    assert mail_stats(gateway)["max_in_flight"] > 5
    assert mail_stats(gateway)["in_flight"] == 0


def test_a_connection_carries_many_e_mails(gateway: Gateway) -> None:
    with smtplib.SMTP(gateway.host, gateway.mail_port, timeout=5) as server:
        for number in range(30):
            server.send_message(a_mail(f"<m{number}@school.example>"), SCHOOL, [ALICES_MAIL])

    assert mail_stats(gateway)["effective"] == 30


def test_an_e_mail_beyond_the_limit_is_declined(gateway: Gateway) -> None:
    with pytest.raises(smtplib.SMTPException):
        send_mail(gateway, a_mail(html="<p>long</p>\n" * 100_000))

    assert mail_stats(gateway)["raw"] == 0


def test_refusing_sends_away_who_comes_and_who_is_there(gateway: Gateway) -> None:
    with smtplib.SMTP(gateway.host, gateway.mail_port, timeout=5) as connected:
        set_faults(gateway, mail_refuse=True)
        with pytest.raises(smtplib.SMTPConnectError, match="421"):
            send_mail(gateway)
        with pytest.raises(smtplib.SMTPSenderRefused, match="421"):
            connected.send_message(a_mail(), SCHOOL, [ALICES_MAIL])

    assert (mail_stats(gateway)["refused"], mail_stats(gateway)["effective"]) == (2, 0)
    set_faults(gateway, mail_refuse=False)
    send_mail(gateway)


@pytest.mark.parametrize("status", [451, 554])
def test_an_error_carries_its_status(gateway: Gateway, status: int) -> None:
    set_faults(gateway, mail_error_rate=1, mail_error_status=status)
    with pytest.raises(smtplib.SMTPDataError, match=str(status)):
        send_mail(gateway)

    assert (mail_stats(gateway)["failed"], all_mails(gateway)) == (1, [])


def test_only_the_failing_addresses_fail(gateway: Gateway) -> None:
    set_faults(gateway, fail_addresses=[BOBS_MAIL])
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
        send_mail(gateway, to=BOBS_MAIL)
    send_mail(gateway, to=ALICES_MAIL)

    assert (mail_stats(gateway)["declined"], mail_stats(gateway)["effective"]) == (1, 1)


def test_accept_then_time_out_accepts_and_never_answers(gateway: Gateway) -> None:
    set_faults(gateway, mail_accept_then_time_out=True)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send_mail(gateway, timeout=0.2)

    wait_until(lambda: mail_stats(gateway)["in_flight"] == 0)
    assert (mail_stats(gateway)["effective"], mail_stats(gateway)["unanswered"]) == (1, 1)
    assert [arrived["answered_at"] for arrived in all_mails(gateway)] == [None]


def test_the_moods_of_sms_and_e_mail_are_apart(gateway: Gateway) -> None:
    set_faults(gateway, refuse=True, error_rate=1, accept_then_time_out=True)
    send_mail(gateway)
    assert mail_stats(gateway)["effective"] == 1


def test_stopping_hangs_up_on_e_mails_in_flight_and_on_kept_connections(gateway: Gateway, journal: Path) -> None:
    set_faults(gateway, mail_latency_seconds=30)
    idle = socket.create_connection((gateway.host, gateway.mail_port))
    idle.recv(100)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send_mail, gateway, timeout=60)
        wait_until(lambda: mail_stats(gateway)["in_flight"] == 1)
        started = time.monotonic()
        gateway.stop()
        assert time.monotonic() - started < 2
        with pytest.raises(smtplib.SMTPServerDisconnected):
            sending.result()
    with idle:
        assert idle.recv(100) == b""
    last = mail_entries(journal)[-1]
    assert (last["outcome"], last["status"]) == ("accepted", None)


def test_a_stopped_sink_refuses_and_remembers_when_it_is_back(gateway: Gateway) -> None:
    send_mail(gateway)
    url = gateway.mail_url
    gateway.stop()
    with pytest.raises(ConnectionRefusedError):
        send_mail(gateway)

    gateway.start()
    send_mail(gateway)
    assert gateway.mail_url == url
    assert [arrived["arrival"] for arrived in all_mails(gateway)] == [1, 2]


def test_a_busy_mail_port_is_told_in_one_line_and_leaves_nothing_open(gateway: Gateway) -> None:
    other = Gateway(token=TOKEN, mail_port=gateway.mail_port)
    with pytest.raises(GatewayError, match=f"cannot listen on 127.0.0.1:{gateway.mail_port}"):
        other.start()

    other.mail_port = 0
    with other:
        send_mail(other)
