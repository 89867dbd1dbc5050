"""Clients of the API that move lessons through their life, and remember every answer they got."""

import copy
import itertools
import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from lessons.tests.drills.stack import Stack

PASSWORD = "demo-pass-1"
TEACHERS = tuple(f"teacher_{n}" for n in range(1, 6))
FULL_LIFE = ("create", "schedule", "reschedule", "start", "complete")
TARGETS = {
    "create": "draft",
    "schedule": "scheduled",
    "reschedule": "scheduled",
    "start": "in_progress",
    "complete": "completed",
    "cancel": "cancelled",
}
TIMEOUT_SECONDS = 20
PAUSE_AFTER_FAILURE_SECONDS = 0.2
PATIENCE_SECONDS = 90.0

_hours = itertools.count(24)  # each lesson has times of its own, so that nobody is booked twice


@dataclass(frozen=True)
class Answer:
    """`status` is None where the connection broke: the client does not know what became of its request."""

    action: str
    lesson: int | None
    status: int | None
    seconds: float
    body: dict[str, Any]
    content_type: str = ""
    retry_after: str = ""

    @property
    def is_acknowledged(self) -> bool:
        return self.status in (200, 201)

    @property
    def is_problem(self) -> bool:
        """A refusal in the form in which the API promises its refusals."""
        return self.content_type == "application/problem+json" and self.body.get("status") == self.status


class Client:
    """A person who is logged in. Makes one request at a time."""

    def __init__(self, url: str, username: str) -> None:
        self._url = f"{url}/api/v1"
        self._http = requests.Session()
        token = self._send("POST", "/auth/token/", {"username": username, "password": PASSWORD})
        self._http.headers["Authorization"] = f"Bearer {token.json()['access']}"
        self.answers: list[Answer] = []

    def again(self) -> "Client":
        """The same person at another screen: logging in takes a while, on purpose."""
        other = copy.copy(self)
        other._http, other.answers = requests.Session(), []
        other._http.headers.update(self._http.headers)
        return other

    def lesson(self, lesson: int) -> dict[str, Any]:
        answer: dict[str, Any] = self._send("GET", f"/lessons/{lesson}/").json()
        return answer

    def get(self, path: str) -> Answer:
        """Read something. No change, and so not one of the answers that are kept."""
        return self._ask("GET", path, path)

    def post(self, action: str, lesson: int | None, body: dict[str, Any] | None = None) -> Answer:
        """`create`, or a transition of a lesson; whatever comes of it is an answer."""
        path = "/lessons/" if lesson is None else f"/lessons/{lesson}/{action}/"
        answer = self._ask("POST", path, action, lesson, body)
        self.answers.append(answer)
        return answer

    def live(self, life: Sequence[str], students: Sequence[int], *, stop: threading.Event | None = None) -> int | None:
        """One lesson through `life`, each step until it is done, the way a careful person would: where no answer
        came, look first whether it happened all the same. The lesson's id; None if `stop` came before it had one."""
        hour = next(_hours)
        lesson: int | None = None
        for action in life:
            body = _body(action, hour, students)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (answer := self.post(action, lesson, body)).is_acknowledged:
                if stop and stop.is_set():
                    return lesson
                if time.monotonic() > deadline:
                    raise AssertionError(f"{action} never succeeded: {answer}")
                time.sleep(PAUSE_AFTER_FAILURE_SECONDS)
                if lesson is not None and self._has_happened(action, lesson, body):
                    break
            lesson = lesson or answer.lesson
        return lesson

    def _has_happened(self, action: str, lesson: int, body: dict[str, Any] | None) -> bool:
        try:
            is_now = self.lesson(lesson)
        except (requests.RequestException, KeyError, ValueError):
            return False
        if action == "reschedule" and body is not None:
            moved = datetime.fromisoformat(is_now.get("start_time", "1970-01-01T00:00:00+00:00"))
            return moved == datetime.fromisoformat(body["start_time"])
        return bool(is_now.get("status") == TARGETS[action])

    def _ask(
        self, method: str, path: str, action: str, lesson: int | None = None, body: dict[str, Any] | None = None
    ) -> Answer:
        started = time.monotonic()
        try:
            response = self._send(method, path, body)
        except requests.RequestException:
            return Answer(action, lesson, None, time.monotonic() - started, {})
        seconds, answered = time.monotonic() - started, _json(response)
        made = answered.get("id") if response.status_code == requests.codes.created else lesson
        content_type, retry_after = (response.headers.get(name, "") for name in ("Content-Type", "Retry-After"))
        return Answer(action, made, response.status_code, seconds, answered, content_type, retry_after)

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        return self._http.request(method, f"{self._url}{path}", json=body, timeout=TIMEOUT_SECONDS)


class Load:
    """Several clients at once, each a teacher with one student per lesson: two people are told of each step."""

    def __init__(self, stack: Stack, *, clients: int = 4) -> None:
        self.students = student_ids(stack)
        teachers = [Client(stack.url, name) for name in TEACHERS[:clients]]
        self.clients = [
            teachers[n] if n < len(teachers) else teachers[n % len(teachers)].again() for n in range(clients)
        ]
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def answers(self) -> list[Answer]:
        return [answer for client in self.clients for answer in client.answers]

    @property
    def acknowledged(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.is_acknowledged]

    def start(self, lives: Iterable[Sequence[str]], *, per_second: float | None = None) -> None:
        """Live so many lives in the background, begun at this pace at most."""
        plans: queue.SimpleQueue[tuple[Sequence[str], int]] = queue.SimpleQueue()
        for number, life in enumerate(lives):
            plans.put((life, number))
        pace = _Pace(per_second)
        self._threads = [
            threading.Thread(target=self._work, args=(client, plans, pace), daemon=True) for client in self.clients
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def join(self, *, within_seconds: float) -> None:
        """Wait until all lives have been lived; after `within_seconds` give up on what is left."""
        deadline = time.monotonic() + within_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self.is_running:
            self._stop.set()
            raise AssertionError(f"the clients were not done after {within_seconds:g} s")

    def run(self, lives: Iterable[Sequence[str]], *, per_second: float | None = None, within_seconds: float) -> None:
        self.start(lives, per_second=per_second)
        self.join(within_seconds=within_seconds)

    def _work(self, client: Client, plans: "queue.SimpleQueue[tuple[Sequence[str], int]]", pace: "_Pace") -> None:
        while not self._stop.is_set():
            try:
                life, number = plans.get_nowait()
            except queue.Empty:
                return
            pace.wait()
            client.live(life, [self.students[number % len(self.students)]], stop=self._stop)


class _Pace:
    """Lets callers through one by one, so many per second."""

    def __init__(self, per_second: float | None) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._next, self._lock = time.monotonic(), threading.Lock()

    def wait(self) -> None:
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._interval
        time.sleep(max(0.0, turn - time.monotonic()))


def student_ids(stack: Stack) -> list[int]:
    return [row.id for row in stack.query("SELECT id FROM lessons_user WHERE role = 'student' ORDER BY id")]


def _body(action: str, hour: int, students: Sequence[int]) -> dict[str, Any] | None:
    minutes = {"create": 0, "reschedule": 15}.get(action)
    if minutes is None:
        return None
    start = datetime.now(UTC).replace(minute=minutes, second=0, microsecond=0) + timedelta(hours=hour)
    times = {"start_time": start.isoformat(), "end_time": (start + timedelta(minutes=30)).isoformat()}
    return times if action == "reschedule" else {"title": f"Lesson {hour}", "students": list(students), **times}


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
