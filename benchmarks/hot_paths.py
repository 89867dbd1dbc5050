"""`python -m benchmarks.hot_paths NUMBER`: what must stay flat, so often; {name: [seconds, statements]}, as JSON.

Pages by the test client, without the network; the relay's own statements in transactions that are rolled back.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import django

django.setup()

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from benchmarks.people import FIRST_STUDENT, MANAGER, TEACHERS
from lessons.models import Lesson, User
from lessons.notifications import prune, reap, reminders
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import claim
from lessons.notifications.due import look_for_work
from lessons.notifications.expand import expand

HOST = "127.0.0.1"
ABSENT = 404
MANAGERS, TEACHERS_, NEWCOMERS, STUDENTS = MANAGER, 2, TEACHERS, FIRST_STUDENT + 1


def _pages() -> dict[str, tuple[int, str, dict[str, object]]]:
    """Who asks for what: {name: (person, path, query)}."""
    now, lessons = timezone.now(), "/api/v1/lessons/"
    middle = Lesson.objects.order_by("start_time").values_list("pk", flat=True)
    one = middle[middle.count() // 2]
    return {
        "lessons": (MANAGERS, lessons, {}),
        "lessons by status": (MANAGERS, lessons, {"status": "scheduled"}),
        "lessons of a teacher": (MANAGERS, lessons, {"teacher": TEACHERS_}),
        "lessons of a student": (MANAGERS, lessons, {"student": STUDENTS}),
        "lessons of a week": (
            MANAGERS,
            lessons,
            {"start_after": now.isoformat(), "start_before": (now + timedelta(days=7)).isoformat()},
        ),
        "lessons to come": (MANAGERS, lessons, {"upcoming": "true", "ordering": "start_time"}),
        "lessons by creation": (MANAGERS, lessons, {"ordering": "-created_at"}),
        "lessons by a frequent word": (MANAGERS, lessons, {"search": "Algebra"}),
        "lessons by a rare word": (MANAGERS, lessons, {"search": "Astron"}),
        "mine, a teacher's": (TEACHERS_, lessons, {}),
        "mine, a new teacher's": (NEWCOMERS, lessons, {}),
        "mine, a student's": (STUDENTS, lessons, {}),
        "history": (MANAGERS, f"{lessons}{one}/events/", {}),
        "dispatches": (MANAGERS, "/api/v1/dispatches/", {}),
        "dispatches of a lesson": (MANAGERS, "/api/v1/dispatches/", {"lesson": one}),
        "deliveries": (MANAGERS, "/api/v1/deliveries/", {}),
        "deliveries, dead": (MANAGERS, "/api/v1/deliveries/", {"state": "dead"}),
        "deliveries, skipped": (MANAGERS, "/api/v1/deliveries/", {"state": "skipped"}),
        "deliveries over sms": (MANAGERS, "/api/v1/deliveries/", {"channel": "sms"}),
        "deliveries, mine": (STUDENTS, "/api/v1/deliveries/", {}),
        "chord runs": (MANAGERS, "/api/v1/chord-runs/", {}),
        "admin, first page": (MANAGERS, "/admin/", {}),
        "admin, lessons": (MANAGERS, "/admin/lessons/lesson/", {}),
        "admin, lessons by status": (MANAGERS, "/admin/lessons/lesson/", {"status__exact": "scheduled"}),
        "admin, lessons of a day": (MANAGERS, "/admin/lessons/lesson/", {"on": f"{now:%Y-%m-%d}"}),
        "admin, lessons of a teacher": (MANAGERS, "/admin/lessons/lesson/", {"teacher__id__exact": TEACHERS_}),
        "admin, lessons by a rare word": (MANAGERS, "/admin/lessons/lesson/", {"q": "Astron"}),
        "admin, dispatches": (MANAGERS, "/admin/lessons/dispatch/", {}),
        "admin, deliveries": (MANAGERS, "/admin/lessons/delivery/", {}),
        "admin, dead deliveries": (MANAGERS, "/admin/lessons/delivery/", {"state__exact": "dead"}),
        "monitor": (MANAGERS, "/admin/monitor/", {}),
    }


def _rolled_back(action: Callable[[], object]) -> Callable[[], object]:
    def act() -> None:
        with transaction.atomic():
            action()
            transaction.set_rollback(True)

    return act


def _full_batch_to_prune() -> None:
    """At both sizes there is one: what was told more than a month ago may go here."""
    with override_settings(RETENTION_DAYS=30, RETENTION_DEAD_DAYS=30):
        assert prune._lock_outdated(prune.THE_BEGINNING)


STATEMENTS: dict[str, Callable[[], object]] = {
    "work for the relay": lambda: look_for_work(REGISTRY.values()),
    "claim": _rolled_back(lambda: claim(REGISTRY["log"])),
    "expand, idle": expand,
    "reap": reap.reap,
    "reminders": _rolled_back(lambda: [list(reminders._due(occasion, None)) for occasion in reminders.occasions()]),
    "prune": _rolled_back(_full_batch_to_prune),
}


def _page(person: int, path: str, query: dict[str, object]) -> Callable[[], int]:
    client, user = Client(), User.objects.get(pk=person)
    headers = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
    if path.startswith("/admin/"):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        headers = {}
    address = f"{path}?{urlencode(query)}"
    return lambda: client.get(address, headers=headers, SERVER_NAME=HOST).status_code


def measure(times: int) -> dict[str, tuple[float, int]]:
    found: dict[str, tuple[float, int]] = {}
    for name, page in _pages().items():
        get = _page(*page)
        status = get()
        if status == ABSENT:
            continue
        if status != 200:
            raise SystemExit(f"{name} was answered {status}")
        found[name] = _timed(get, times)
    for name, action in STATEMENTS.items():
        found[name] = _timed(action, 4 * times)
    return found


def _timed(action: Callable[[], object], times: int) -> tuple[float, int]:
    """The median of the seconds that it takes, and its number of statements."""
    action()
    with CaptureQueriesContext(connection) as statements:
        action()
    number = len(statements)  # now: the next request forgets them
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), number


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
