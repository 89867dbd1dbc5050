"""E-mail against the real mail sink, in good and bad moods, and against servers that are worse."""

import email
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from pytest_django import Settings

from backend.gateway import Gateway
from backend.timing import Timing
from lessons.events import EventName
from lessons.notifications.channels import REGISTRY, SendError, Sent
from lessons.notifications.messages import Message
from lessons.tests.notifications.messages import message

EMAIL = REGISTRY["email"]
IMPATIENCE = 0.3


@pytest.fixture(autouse=True)
def _real_smtp(settings: Settings) -> None:
    """pytest-django would keep e-mails in memory."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", Timing().provider_timeout
    settings.DEFAULT_FROM_EMAIL = "The school <lessons@school.example>"


@pytest.fixture
def _impatient(settings: Settings) -> None:
    """For the tests of time-outs only: an answer that takes this long on a busy machine fails no other test."""
    settings.EMAIL_TIMEOUT = IMPATIENCE


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    with Gateway(token="open sesame") as running:
        settings.EMAIL_PORT = running.mail_port
        yield running


def to(*people: str) -> list[Message]:
    """A message for each of the addresses."""
    return [message(delivery_id=number, id=number, email=address) for number, address in enumerate(people, start=1)]


def outcomes(messages: list[Message]) -> list[dict[str, Any] | str]:
    """How it went with each: "sent", or the error's flags that are set."""
    return [
        "sent" if isinstance(outcome, Sent) else {name: value for name, value in vars(outcome).items() if value}
        for _, outcome in EMAIL.send_all(messages)
    ]


def failure() -> dict[str, Any] | str:
    (outcome,) = outcomes([message()])
    return outcome


@contextmanager
def server_that_says(*replies: bytes) -> Iterator[int]:
    """A port on which one client is greeted, gets a reply to each line that it sends, and is hung up on in the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_talk, args=(listener, replies), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(IMPATIENCE)


def _talk(listener: socket.socket, replies: tuple[bytes, ...]) -> None:
    client, _ = listener.accept()
    with client, client.makefile("rb") as lines, suppress(ConnectionError):
        for reply in replies:
            client.sendall(reply + b"\r\n")
            lines.readline()


# --- What arrives -------------------------------------------------------------------------------------


def test_an_e_mail_arrives_as_text_and_html_with_an_invitation(gateway: Gateway) -> None:
    sent = EMAIL.send(message(delivery_id=17, email="bob@school.example"))

    (arrived,) = gateway.provider.mails.latest(10)
    assert sent.provider_id == arrived["message_id"] == "<delivery-17@school.example>"
    assert (arrived["sender"], arrived["to"]) == ("lessons@school.example", ["bob@school.example"])
    assert (arrived["subject"], arrived["language"]) == ("Lesson confirmed: Algebra", "en")
    assert "The lesson “Algebra” is on" in arrived["text"]
    assert "<h1>Algebra</h1>" in arrived["html"]
    assert arrived["attachments"] == ["lesson.ics"]


def test_a_reader_of_russian_gets_it_in_russian(gateway: Gateway) -> None:
    EMAIL.send(message(EventName.STARTED, title="Алгебра", language="ru"))

    (arrived,) = gateway.provider.mails.latest(10)
    assert (arrived["subject"], arrived["language"]) == ("Урок начался: Алгебра", "ru")
    assert "Урок «Алгебра» начался." in arrived["text"]
    assert arrived["attachments"] == []


@pytest.mark.parametrize(("name", "method"), [(EventName.SCHEDULED, "REQUEST"), (EventName.CANCELLED, "CANCEL")])
def test_the_invitation_says_in_its_type_what_it_asks_for(
    name: str, method: str, mailoutbox: list[Any], settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    EMAIL.send(message(name))

    mail = email.message_from_bytes(mailoutbox[0].message().as_bytes())
    (calendar,) = (part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == method
    assert calendar.get_content_charset() == "utf-8"


@pytest.mark.parametrize("title", ["A\nBcc: eve@school.example", "x" * 200, "Ωμέγα 🎓"])
def test_any_title_arrives(gateway: Gateway, title: str) -> None:
    EMAIL.send(message(title=title, reason="y" * 3000))

    (arrived,) = gateway.provider.mails.latest(10)
    assert arrived["subject"] == f"Lesson confirmed: {title}".replace("\n", " ")
    assert arrived["to"] == ["bob@school.example"]
    assert "y" * 3000 in arrived["text"]


def test_the_same_delivery_again_has_the_same_message_id_and_arrives_again(gateway: Gateway) -> None:
    first, second = EMAIL.send(message(delivery_id=42)), EMAIL.send(message(delivery_id=42))

    assert first == second
    assert [mail["arrival"] for mail in gateway.provider.mails.latest(10)] == [2, 1]


# --- A batch ------------------------------------------------------------------------------------------


def test_a_batch_goes_over_one_connection(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    connected, connect = [], smtplib.SMTP.connect
    monkeypatch.setattr(smtplib.SMTP, "connect", lambda *args: connected.append(args[1:]) or connect(*args))

    assert outcomes(to("alice@x.example", "bob@x.example", "carol@x.example")) == ["sent"] * 3

    assert connected == [("127.0.0.1", gateway.mail_port)]
    assert [mail["to"] for mail in gateway.provider.mails.latest(10)] == [
        ["carol@x.example"],
        ["bob@x.example"],
        ["alice@x.example"],
    ]


def test_an_address_that_is_declined_is_declined_for_good_and_its_neighbours_are_sent(gateway: Gateway) -> None:
    gateway.provider.faults.update({"fail_addresses": ["bob@x.example"]})

    assert outcomes(to("alice@x.example", "bob@x.example", "carol@x.example")) == ["sent", {"permanent": True}, "sent"]


@pytest.mark.parametrize(
    "address", ["nobody", "bob@", "bob@x.example, eve@x.example", "bob@x.example\nBcc: eve@x.example"]
)
def test_what_is_no_address_is_not_tried_again_and_its_neighbours_are_sent(gateway: Gateway, address: str) -> None:
    assert outcomes(to("alice@x.example", address, "carol@x.example")) == ["sent", {"permanent": True}, "sent"]


@pytest.mark.usefixtures("_impatient")
def test_a_time_out_in_the_middle_of_a_batch_costs_the_next_one_nothing(gateway: Gateway) -> None:
    gateway.provider.faults.update({"mail_accept_then_time_out": True})
    results = EMAIL.send_all(to("alice@x.example", "bob@x.example"))

    _, first = next(results)
    gateway.provider.faults.reset()
    _, second = next(results)

    assert isinstance(first, SendError)
    assert first.suspicious
    assert second == Sent("<delivery-2@school.example>")


def test_whoever_has_no_address_any_more_or_is_inactive_is_sent_nothing(gateway: Gateway) -> None:
    batch = [message(email=""), message(is_active=False), message()]

    told = [str(outcome) for _, outcome in EMAIL.send_all(batch[:2])]

    assert outcomes(batch) == [{"permanent": True}, {"permanent": True}, "sent"]
    assert told == ["no_address", "inactive"]


# --- Bad moods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        (421, {"channel_down": True}),
        (451, {"suspicious": True}),
        (452, {"suspicious": True}),
        (530, {"channel_down": True}),
        (550, {"permanent": True}),
        (554, {"permanent": True}),
    ],
)
def test_an_answer_that_is_no_success_says_what_it_means(gateway: Gateway, status: int, flags: dict[str, Any]) -> None:
    gateway.provider.faults.update({"mail_error_rate": 1, "mail_error_status": status})

    assert failure() == flags


def test_a_server_that_sends_everybody_away_is_down(gateway: Gateway) -> None:
    gateway.provider.faults.update({"mail_refuse": True})

    assert failure() == {"channel_down": True}


def test_a_server_that_closes_in_the_middle_of_a_batch_is_down(gateway: Gateway) -> None:
    results = EMAIL.send_all(to("alice@x.example", "bob@x.example"))
    next(results)
    gateway.stop()

    _, outcome = next(results)

    assert isinstance(outcome, SendError)
    assert outcome.channel_down


def test_a_server_that_is_not_there_is_down(gateway: Gateway) -> None:
    gateway.stop()

    assert failure() == {"channel_down": True}


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_does_not_answer_in_time_is_suspicious(gateway: Gateway) -> None:
    gateway.provider.faults.update({"mail_accept_then_time_out": True})
    started = time.monotonic()

    assert failure() == {"suspicious": True}

    assert IMPATIENCE <= time.monotonic() - started < IMPATIENCE + 2


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_takes_the_connection_and_never_speaks_is_down(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]

        assert failure() == {"channel_down": True}


SCRIPTS: dict[str, tuple[list[bytes], dict[str, Any]]] = {
    "greylisting": ([b"220 hi", b"250 hi", b"250 ok", b"450 come back"], {}),
    "no such address": ([b"220 hi", b"250 hi", b"250 ok", b"550 bob@x.example?"], {"permanent": True}),
    "sender refused": ([b"220 hi", b"250 hi", b"550 not you"], {"permanent": True}),
    "busy at the sender": ([b"220 hi", b"250 hi", b"450 busy"], {"suspicious": True}),
    "login needed": ([b"220 hi", b"250 hi", b"530 log in"], {"channel_down": True}),
    "no helo": ([b"220 hi", b"550 no", b"550 no"], {"channel_down": True}),
    "gone at the data": ([b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"421 closing"], {"channel_down": True}),
    "hung up": ([b"220 hi", b"250 hi", b"250 ok"], {"channel_down": True}),
    "no SMTP at all": ([b"HTTP/1.1 400 Bad Request"], {"channel_down": True}),
    "gibberish": ([b"220 hi", b"250 hi", b"?? ??"], {"suspicious": True}),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_step_at_which_a_conversation_ends_has_its_meaning(name: str, settings: Settings) -> None:
    script, flags = SCRIPTS[name]
    with server_that_says(*script) as settings.EMAIL_PORT:
        assert failure() == flags


def test_what_a_server_says_of_an_address_is_for_the_log_alone(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with server_that_says(*SCRIPTS["no such address"][0]) as settings.EMAIL_PORT:
        ((_, outcome),) = EMAIL.send_all([message()])

    assert str(outcome) == "the mail server answered 550"
    assert "bob@x.example" in caplog.text


def test_a_login_that_is_refused_is_no_messages_fault(gateway: Gateway, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "lessons", "wrong"

    assert failure() == {"channel_down": True}
