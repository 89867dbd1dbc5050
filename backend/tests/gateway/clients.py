"""The school as a client of the gateway: it sends SMS and e-mails, asks what has arrived, and reads the journal."""

import json
import smtplib
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import requests

from backend.gateway import Gateway

TOKEN = "open sesame"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
ALICE, BOB = "+79001234567", "+441632960961"
SCHOOL, ALICES_MAIL, BOBS_MAIL = "lessons@school.example", "alice@school.example", "bob@school.example"


def ask(gateway: Gateway, method: str, path: str, **options: Any) -> requests.Response:
    options.setdefault("headers", AUTHORIZED)
    options.setdefault("timeout", 5)
    return requests.request(method, gateway.url + path, **options)


def set_faults(gateway: Gateway, **changes: Any) -> None:
    assert ask(gateway, "PUT", "/faults", json=changes).status_code == 200


def send_sms(
    gateway: Gateway, key: str, *, to: str = ALICE, text: str = "Hello", timeout: float = 5
) -> requests.Response:
    headers = AUTHORIZED | {"Idempotency-Key": key}
    body = {"to": to, "text": text}
    return ask(gateway, "POST", "/sms/messages", json=body, headers=headers, timeout=timeout)


def sms_stats(gateway: Gateway) -> dict[str, int]:
    counts: dict[str, int] = ask(gateway, "GET", "/stats").json()
    return counts


def all_sms(gateway: Gateway, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask(gateway, "GET", f"/sms/messages{query}").json()
    return listed


def a_mail(
    message_id: str = "<m1@school.example>", *, subject: str = "Hello", html: str = "<p>Hello</p>"
) -> EmailMessage:
    made = EmailMessage()
    made["Message-ID"], made["Subject"], made["From"], made["To"] = message_id, subject, SCHOOL, ALICES_MAIL
    made.set_content("Hello")
    made.add_alternative(html, subtype="html")
    made.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="lesson.ics")
    made["Content-Language"] = "ru"
    return made


def send_mail(
    gateway: Gateway, message: EmailMessage | None = None, *, to: str = ALICES_MAIL, timeout: float = 5
) -> None:
    with smtplib.SMTP(gateway.host, gateway.mail_port, timeout=timeout) as server:
        server.send_message(message or a_mail(), SCHOOL, [to])


def mail_stats(gateway: Gateway) -> dict[str, int]:
    counts: dict[str, int] = ask(gateway, "GET", "/stats").json()["mail"]
    return counts


def all_mails(gateway: Gateway, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask(gateway, "GET", f"/mail/messages{query}").json()
    return listed


def entries(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


def mail_entries(journal: Path) -> list[dict[str, Any]]:
    return [line for line in entries(journal) if line.get("channel") == "mail"]
