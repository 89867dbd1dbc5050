"""`python -m benchmarks.hot_paths NUMBER DATABASE…`: what must stay flat, so often, each database in turn.

Prints {name: [{database: seconds}, statements]} as JSON. Pages by the test client, without the network; the relay's own
statements in transactions that are rolled back. One process asks for all: whatever slows it down for a moment, or warms
it up, does so for each database alike.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from benchmarks.people import FIRST_STUDENT, MANAGER, TEACHERS
from lessons.models import Lesson, User
from lessons.notifications import reap, reminders
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import claim
from lessons.notifications.due import look_for_work
from lessons.notifications.expand import expand
from lessons.retention import deliveries

Found = tuple[dict[str, float], int]  # the seconds at each database; statements

HOST = "127.0.0.1"
OK = 200
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
        assert deliveries._lock_outdated(deliveries.THE_BEGINNING)


STATEMENTS: dict[str, Callable[[], object]] = {
    "work for the relay": lambda: look_for_work(REGISTRY.values()),
    "claim": _rolled_back(lambda: claim(REGISTRY["log"])),
    "expand, idle": expand,
    "reap": reap.reap,
    "reminders": _rolled_back(lambda: [list(reminders._due(occasion, None)) for occasion in reminders.occasions()]),
    "prune": _rolled_back(_full_batch_to_prune),
}


def _page(person: int, path: str, query: dict[str, object]) -> Callable[[], None]:
    client, user = Client(), User.objects.get(pk=person)
    headers = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
    if path.startswith("/admin/"):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        headers = {}
    address = f"{path}?{urlencode(query)}"

    def get() -> None:
        if (status := client.get(address, headers=headers, SERVER_NAME=HOST).status_code) != OK:
            raise SystemExit(f"{address} was answered {status}")

    return get


@cache
def _connection_to(database: str) -> Any:
    there = connections.create_connection(DEFAULT_DB_ALIAS)
    there.settings_dict = {**there.settings_dict, "NAME": database}
    return there


def _go_to(database: str) -> None:
    """From now on Django's connection is the one to that database; the others stay open."""
    connections[DEFAULT_DB_ALIAS] = _connection_to(database)


def measure(times: int, databases: list[str]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    gets = {database: _gets(database) for database in databases}
    for name in gets[databases[0]]:
        found[name] = _timed({database: gets[database][name] for database in databases}, times)
    for name, action in STATEMENTS.items():
        found[name] = _timed(dict.fromkeys(databases, action), 4 * times)
    return found


def _gets(database: str) -> dict[str, Callable[[], None]]:
    _go_to(database)
    return {name: _page(*page) for name, page in _pages().items()}


def _timed(actions: Mapping[str, Callable[[], object]], times: int) -> Found:
    """The median of the seconds that it takes at each database, by turns; and its number of statements."""
    numbers = [_statements_of(database, action) for database, action in actions.items()]
    seconds: dict[str, list[float]] = {database: [] for database in actions}
    for turn in range(times):
        for database in list(actions)[:: -1 if turn % 2 else 1]:
            _go_to(database)
            began = time.perf_counter()
            actions[database]()
            seconds[database].append(time.perf_counter() - began)
    return {database: statistics.median(taken) for database, taken in seconds.items()}, max(numbers)


def _statements_of(database: str, action: Callable[[], object]) -> int:
    """Of the second call, after what is done once."""
    _go_to(database)
    action()
    with CaptureQueriesContext(connection) as statements:
        action()
    return len(statements)  # now: the next request forgets them


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), sys.argv[2:])))
