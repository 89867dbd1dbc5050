"""`manage.py smoke`: lessons go through their life over HTTP, and everybody is told, once."""

import random
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Sum
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from lessons.management.demo_accounts import PASSWORD
from lessons.models import Delivery, User

SETTLE_SECONDS = 90
LIVES = (
    ("teacher_1", ("schedule", "start", "complete")),
    ("teacher_2", ("schedule", "reschedule", "cancel")),
    ("manager_1", ("cancel",)),
)


@dataclass(frozen=True)
class Told:
    """One event, and how far its notifications came."""

    lesson: str
    event: str
    dispatch: dict[str, Any]
    recipients: int
    request_milliseconds: float


class Client:
    """A person of the demo, logged in over the API."""

    def __init__(self, url: str, username: str) -> None:
        self.url, self.username = f"{url.rstrip('/')}/api/v1", username
        self.http = requests.Session()
        tokens = self.call("POST", "/auth/token/", 200, {"username": username, "password": PASSWORD})
        self.http.headers["Authorization"] = f"Bearer {tokens['access']}"

    def call(self, method: str, path: str, expected: int, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.http.request(method, f"{self.url}{path}", json=body, timeout=10)
        self.milliseconds = response.elapsed.total_seconds() * 1000
        if response.status_code != expected:
            raise CommandError(f"{method} {path} as {self.username}: {response.status_code} {response.text[:500]}")
        answer: dict[str, Any] = response.json()
        return answer

    def settled(self, dispatch: int) -> dict[str, Any]:
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            answer = self.call("GET", f"/dispatches/{dispatch}/", 200)
            if answer["settled_at"]:
                return answer
            time.sleep(0.1)
        raise CommandError(f"Dispatch {dispatch} is not settled after {SETTLE_SECONDS} s: {answer}")


class Command(BaseCommand):
    help = (
        "Drive lessons through their life over HTTP and check that everybody is told, once. Needs the demo's accounts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the site is")

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        with ThreadPoolExecutor(len(LIVES)) as pool:
            told = [one for life in pool.map(lambda life: list(_live(url, *life)), LIVES) for one in life]
        Console().print(_table(told))
        problems = [*_undelivered(told), *_not_received_once([one.dispatch["id"] for one in told])]
        if problems:
            raise CommandError("\n".join(problems))
        slowest = max(one.request_milliseconds for one in told)
        self.stdout.write(f"{len(told)} events, everybody told once. Slowest request: {slowest:.0f} ms.")


def _live(url: str, username: str, transitions: tuple[str, ...]) -> Iterator[Told]:
    """One lesson's life; each event is waited for, so that none overtakes another's messages."""
    client = Client(url, username)
    teacher = User.objects.get(username=username if username.startswith("teacher") else "teacher_3")
    students = list(User.objects.filter(username__in=("student_1", "student_2")).values_list("pk", flat=True))
    start = timezone.now() + timedelta(days=30, minutes=random.randrange(10**6))  # noqa: S311 - clear of other lessons
    body = {
        "title": f"Smoke of {username}",
        "teacher": teacher.pk,
        "students": students,
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(minutes=45)).isoformat(),
    }
    lesson = client.call("POST", "/lessons/", 201, body)
    took, created = client.milliseconds, client.call("GET", f"/lessons/{lesson['id']}/events/", 200)["results"][0]
    yield Told(lesson["title"], "create", client.settled(created["dispatch"]), 1 + len(students), took)
    for name in transitions:
        times = {
            key: (start + timedelta(days=1, minutes=m)).isoformat() for key, m in (("start_time", 0), ("end_time", 45))
        }
        lesson = client.call("POST", f"/lessons/{lesson['id']}/{name}/", 200, times if name == "reschedule" else None)
        took = client.milliseconds
        yield Told(lesson["title"], name, client.settled(lesson["dispatch"]), 1 + len(students), took)


def _retried(dispatch: int) -> int:
    made = Delivery.objects.filter(dispatch_id=dispatch).aggregate(made=Sum("attempt_count"))["made"] or 0
    return int(made) - Delivery.objects.filter(dispatch_id=dispatch, attempt_count__gt=0).count()


def _seconds(dispatch: dict[str, Any]) -> float:
    from_, to = (datetime.fromisoformat(dispatch[name]) for name in ("created_at", "settled_at"))
    return float((to - from_).total_seconds())


def _table(told: list[Told]) -> Table:
    table = Table("lesson", "event", title="Who was told", title_justify="left")
    for column in ("recipients", "sent", "retried", "dead", "seconds", "request ms"):
        table.add_column(column, justify="right")
    for one in told:
        states = one.dispatch["by_state"]
        numbers = (one.recipients, states.get("sent", 0), _retried(one.dispatch["id"]), states.get("dead", 0))
        table.add_row(
            one.lesson,
            one.event,
            *map(str, numbers),
            f"{_seconds(one.dispatch):.2f}",
            f"{one.request_milliseconds:.0f}",
        )
    return table


def _undelivered(told: list[Told]) -> list[str]:
    expected = len(settings.NOTIFICATION_CHANNELS)
    return [
        f"{one.lesson}, {one.event}: {one.dispatch['by_state']}, expected {one.recipients * expected} sent"
        for one in told
        if one.dispatch["by_state"] != {"sent": one.recipients * expected}
    ]


def _not_received_once(dispatches: list[int]) -> list[str]:
    """What the gateway's own lists say of the SMS and e-mails that we count as sent."""
    received = [message["key"] for message in _arrived("sms")] + [mail["message_id"] for mail in _arrived("mail")]
    sent = Delivery.objects.filter(dispatch__in=dispatches, state="sent")
    expected = [
        *(delivery.idempotency_key for delivery in sent.filter(channel="sms")),
        *sent.filter(channel="email").values_list("provider_id", flat=True),
    ]
    return [f"{key} arrived {received.count(key)} times" for key in expected if received.count(key) != 1]


def _arrived(kind: str) -> list[dict[str, Any]]:
    answer = requests.get(
        f"{settings.SMS_GATEWAY_URL}/{kind}/messages",
        headers={"Authorization": f"Bearer {settings.SMS_GATEWAY_TOKEN}"},
        timeout=10,
    )
    messages: list[dict[str, Any]] = answer.json()
    return messages
