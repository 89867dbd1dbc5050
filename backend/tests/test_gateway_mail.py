"""The mail sink over real SMTP: what a client meets, in good and bad moods, and what can be read back."""

import json
import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from backend.gateway import Gateway, GatewayError
from backend.gateway.mails import MailStore, read_content

TOKEN = "open sesame"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
SCHOOL, ALICE, BOB = "lessons@school.example", "alice@school.example", "bob@school.example"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "gateway.jsonl"


@pytest.fixture
def gateway(journal: Path) -> Iterator[Gateway]:
    with Gateway(token=TOKEN, log=journal, seed=7) as running:
        yield running


def mail(
    message_id: str = "<m1@school.example>", *, subject: str = "Hello", html: str = "<p>Hello</p>"
) -> EmailMessage:
    made = EmailMessage()
    made["Message-ID"], made["Subject"], made["From"], made["To"] = message_id, subject, SCHOOL, ALICE
    made.set_content("Hello")
    made.add_alternative(html, subtype="html")
    made.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="lesson.ics")
    made["Content-Language"] = "ru"
    return made


def send(gateway: Gateway, message: EmailMessage | None = None, *, to: str = ALICE, timeout: float = 5) -> None:
    with smtplib.SMTP(gateway.host, gateway.mail_port, timeout=timeout) as server:
        server.send_message(message or mail(), SCHOOL, [to])


def ask(gateway: Gateway, method: str, path: str, **options: Any) -> requests.Response:
    options.setdefault("headers", AUTHORIZED)
    return requests.request(method, gateway.url + path, timeout=5, **options)


def set_faults(gateway: Gateway, **changes: Any) -> None:
    assert ask(gateway, "PUT", "/faults", json=changes).status_code == 200


def stats(gateway: Gateway) -> dict[str, int]:
    counts: dict[str, int] = ask(gateway, "GET", "/stats").json()["mail"]
    return counts


def mails(gateway: Gateway, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask(gateway, "GET", f"/mail/messages{query}").json()
    return listed


def entries(journal: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return [line for line in lines if line.get("channel") == "mail"]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 3
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


class TestSending:
    def test_an_e_mail_is_accepted_and_can_be_read_back(self, gateway: Gateway) -> None:
        send(gateway, mail(subject="Урок отменён"))

        [arrived] = mails(gateway)
        assert (arrived["sender"], arrived["to"], arrived["message_id"]) == (SCHOOL, [ALICE], "<m1@school.example>")
        assert (arrived["subject"], arrived["language"]) == ("Урок отменён", "ru")
        assert (arrived["text"].strip(), arrived["html"].strip()) == ("Hello", "<p>Hello</p>")
        assert arrived["attachments"] == ["lesson.ics"]
        assert arrived["accepted_at"] < arrived["answered_at"]

    def test_the_same_message_id_again_is_another_arrival(self, gateway: Gateway) -> None:
        for _ in range(2):
            send(gateway)
        send(gateway, mail("<m2@school.example>"))

        assert [arrived["arrival"] for arrived in mails(gateway)] == [1, 2, 1]
        counts = stats(gateway)
        assert (counts["raw"], counts["effective"], counts["duplicates"]) == (3, 3, 1)

    def test_sms_and_e_mails_are_counted_apart(self, gateway: Gateway) -> None:
        send(gateway)

        assert ask(gateway, "GET", "/stats").json()["raw"] == 0

    def test_many_clients_at_once_are_served_side_by_side(self, gateway: Gateway) -> None:
        set_faults(gateway, mail_latency_seconds=0.3)
        started = time.monotonic()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda number: send(gateway, mail(f"<m{number}@school.example>")), range(10)))

        assert 0.3 <= time.monotonic() - started < 1.5
        assert stats(gateway)["max_in_flight"] > 5
        assert stats(gateway)["in_flight"] == 0

    def test_a_connection_carries_many_e_mails(self, gateway: Gateway) -> None:
        with smtplib.SMTP(gateway.host, gateway.mail_port, timeout=5) as server:
            for number in range(30):
                server.send_message(mail(f"<m{number}@school.example>"), SCHOOL, [ALICE])

        assert stats(gateway)["effective"] == 30

    def test_an_e_mail_beyond_the_limit_is_declined(self, gateway: Gateway) -> None:
        with pytest.raises(smtplib.SMTPException):
            send(gateway, mail(html="<p>long</p>\n" * 100_000))

        assert stats(gateway)["raw"] == 0

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            (b"", ""),
            (b"\xff\xfe", "\ufffd\ufffd"),
            (b"Content-Type: text/plain; charset=klingon\r\n\r\nQapla'", "Qapla'"),
            (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n", ""),
        ],
    )
    def test_however_odd_an_e_mail_is_it_can_be_read(self, raw: bytes, text: str) -> None:
        assert read_content(raw).text == text


class TestFaults:
    def test_refusing_sends_away_who_comes_and_who_is_there(self, gateway: Gateway) -> None:
        with smtplib.SMTP(gateway.host, gateway.mail_port, timeout=5) as connected:
            set_faults(gateway, mail_refuse=True)
            with pytest.raises(smtplib.SMTPConnectError, match="421"):
                send(gateway)
            with pytest.raises(smtplib.SMTPSenderRefused, match="421"):
                connected.send_message(mail(), SCHOOL, [ALICE])

        assert (stats(gateway)["refused"], stats(gateway)["effective"]) == (2, 0)
        set_faults(gateway, mail_refuse=False)
        send(gateway)

    @pytest.mark.parametrize("status", [451, 554])
    def test_an_error_carries_its_status(self, gateway: Gateway, status: int) -> None:
        set_faults(gateway, mail_error_rate=1, mail_error_status=status)
        with pytest.raises(smtplib.SMTPDataError, match=str(status)):
            send(gateway)

        assert (stats(gateway)["failed"], mails(gateway)) == (1, [])

    def test_only_the_failing_addresses_fail(self, gateway: Gateway) -> None:
        set_faults(gateway, fail_addresses=[BOB])
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
            send(gateway, to=BOB)
        send(gateway, to=ALICE)

        assert (stats(gateway)["declined"], stats(gateway)["effective"]) == (1, 1)

    def test_accept_then_time_out_accepts_and_never_answers(self, gateway: Gateway) -> None:
        set_faults(gateway, mail_accept_then_time_out=True)
        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            send(gateway, timeout=0.2)

        wait_until(lambda: stats(gateway)["in_flight"] == 0)
        assert (stats(gateway)["effective"], stats(gateway)["unanswered"]) == (1, 1)
        assert [arrived["answered_at"] for arrived in mails(gateway)] == [None]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("mail_latency_seconds", -1),
            ("mail_error_rate", 2),
            ("mail_error_status", 250),
            ("mail_refuse", "yes"),
            ("mail_accept_then_time_out", 1),
            ("fail_addresses", BOB),
            ("fail_addresses", ["bob"]),
        ],
    )
    def test_a_bad_setting_is_named(self, gateway: Gateway, name: str, value: object) -> None:
        answer = ask(gateway, "PUT", "/faults", json={name: value})
        assert (answer.status_code, answer.json()["field"]) == (400, name)

    def test_the_moods_of_sms_and_e_mail_are_apart(self, gateway: Gateway) -> None:
        set_faults(gateway, refuse=True, error_rate=1, accept_then_time_out=True)
        send(gateway)
        assert stats(gateway)["effective"] == 1


class TestReadingBack:
    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_without_the_token_there_is_no_list(self, gateway: Gateway, method: str) -> None:
        assert ask(gateway, method, "/mail/messages", headers={}).status_code == 401

    def test_e_mails_are_listed_in_order_of_arrival_and_in_parts(self, gateway: Gateway) -> None:
        for number in range(4):
            send(gateway, mail(f"<m{number}@school.example>"))
        ids = [arrived["id"] for arrived in mails(gateway)]

        assert [arrived["id"] for arrived in mails(gateway, f"?since={ids[0]}&limit=2")] == ids[1:3]
        assert ask(gateway, "GET", "/mail/messages?since=sms-000000-1").json()["field"] == "since"

    def test_clearing_forgets_e_mails_and_counts(self, gateway: Gateway) -> None:
        send(gateway)
        assert ask(gateway, "DELETE", "/mail/messages").json() == {"cleared": 1}

        assert (mails(gateway), stats(gateway)["raw"]) == ([], 0)
        send(gateway)
        assert mails(gateway)[0]["arrival"] == 1

    def test_old_e_mails_give_way_but_their_message_ids_are_counted(self) -> None:
        store, content = MailStore(kept=2), read_content(bytes(mail()))
        arrivals = [store.accept(content, sender=SCHOOL, to=[ALICE]).arrival for _ in range(4)]

        assert arrivals == [1, 2, 3, 4]
        assert [arrived["arrival"] for arrived in store.after(None, limit=10)] == [3, 4]


class TestJournal:
    def test_each_e_mail_leaves_one_line_that_tells_its_fate(self, gateway: Gateway, journal: Path) -> None:
        send(gateway)
        send(gateway)
        set_faults(gateway, fail_addresses=[BOB])
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(gateway, to=BOB)
        set_faults(gateway, mail_error_rate=1)
        with pytest.raises(smtplib.SMTPDataError):
            send(gateway)
        set_faults(gateway, mail_error_rate=0, mail_accept_then_time_out=True)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(gateway, timeout=0.2)
        wait_until(lambda: len(entries(journal)) == 5)

        first, again, declined, failed, unanswered = entries(journal)
        assert (first["outcome"], first["status"], first["arrival"]) == ("accepted", 250, 1)
        assert (first["sender"], first["to"], first["subject"]) == (SCHOOL, [ALICE], "Hello")
        assert first["message_id"] == again["message_id"] == "<m1@school.example>"
        assert first["arrived_at"] < first["answered_at"] < again["arrived_at"]
        assert (again["outcome"], again["arrival"]) == ("accepted", 2)
        assert (declined["outcome"], declined["status"], declined["to"]) == ("unreachable_address", 550, [BOB])
        assert (failed["outcome"], failed["status"]) == ("injected_error", 451)
        assert (unanswered["outcome"], unanswered["status"], unanswered["answered_at"]) == ("accepted", None, None)

    def test_an_sms_is_told_apart(self, gateway: Gateway, journal: Path) -> None:
        set_faults(gateway, latency_seconds=0)
        headers = AUTHORIZED | {"Idempotency-Key": "k1"}
        ask(gateway, "POST", "/sms/messages", json={"to": "+79001234567", "text": "Hello"}, headers=headers)

        assert json.loads(journal.read_text().splitlines()[-1])["channel"] == "sms"


class TestPage:
    def test_it_shows_what_arrived(self, gateway: Gateway) -> None:
        send(gateway, mail(subject="Урок <b>отменён</b>"))
        page = requests.get(gateway.url, timeout=5).text

        assert "Урок &lt;b&gt;отменён&lt;/b&gt;" in page
        for shown in (ALICE, SCHOOL, "&lt;m1@school.example&gt;", ">ru<", "lesson.ics"):
            assert shown in page

    def test_it_leads_to_what_the_e_mail_says(self, gateway: Gateway) -> None:
        send(gateway)
        [arrived] = mails(gateway)
        page = requests.get(gateway.url, timeout=5).text

        for kind, content in (("html", "<p>Hello</p>"), ("txt", "Hello")):
            link = f"/mail/message.{kind}?id={arrived['id']}"
            assert f'href="{link}"' in page
            assert requests.get(gateway.url + link, timeout=5).text.strip() == content

    def test_an_e_mail_is_shown_without_letting_it_run_or_load_anything(self, gateway: Gateway) -> None:
        send(gateway, mail(html="<script>alert(1)</script><img src='http://127.0.0.1/'>"))
        [arrived] = mails(gateway)

        headers = requests.get(f"{gateway.url}/mail/message.html?id={arrived['id']}", timeout=5).headers

        policy = [part.strip() for part in headers["Content-Security-Policy"].split(";")]
        assert policy[:2] == ["sandbox", "default-src 'none'"]
        assert not any(part.startswith("script-src") for part in policy)
        assert headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("query", ["", "?id=", "?id=mail-000000-000001", "?id=../../etc/passwd"])
    def test_an_e_mail_that_is_not_there_is_a_404(self, gateway: Gateway, query: str) -> None:
        assert requests.get(f"{gateway.url}/mail/message.html{query}", timeout=5).status_code == 404

    def test_it_says_which_token_changes_the_behaviour(self, gateway: Gateway) -> None:
        page = requests.get(gateway.url, timeout=5).text
        assert "SMS_GATEWAY_TOKEN" in page
        assert TOKEN not in page


class TestLife:
    def test_stopping_hangs_up_on_e_mails_in_flight_and_on_kept_connections(
        self, gateway: Gateway, journal: Path
    ) -> None:
        set_faults(gateway, mail_latency_seconds=30)
        idle = socket.create_connection((gateway.host, gateway.mail_port))
        idle.recv(100)
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(send, gateway, timeout=60)
            wait_until(lambda: stats(gateway)["in_flight"] == 1)
            started = time.monotonic()
            gateway.stop()
            assert time.monotonic() - started < 2
            with pytest.raises(smtplib.SMTPServerDisconnected):
                sending.result()
        with idle:
            assert idle.recv(100) == b""
        last = entries(journal)[-1]
        assert (last["outcome"], last["status"]) == ("accepted", None)

    def test_a_stopped_sink_refuses_and_remembers_when_it_is_back(self, gateway: Gateway) -> None:
        send(gateway)
        url = gateway.mail_url
        gateway.stop()
        with pytest.raises(ConnectionRefusedError):
            send(gateway)

        gateway.start()
        send(gateway)
        assert gateway.mail_url == url
        assert [arrived["arrival"] for arrived in mails(gateway)] == [1, 2]

    def test_a_busy_mail_port_is_told_in_one_line_and_leaves_nothing_open(self, gateway: Gateway) -> None:
        other = Gateway(token=TOKEN, mail_port=gateway.mail_port)
        with pytest.raises(GatewayError, match=f"cannot listen on 127.0.0.1:{gateway.mail_port}"):
            other.start()

        other.mail_port = 0
        with other:
            send(other)
