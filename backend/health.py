"""Is this process alive; is the system ready. For load balancers, compose and people."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass, field
from typing import Any

import redis
from django.db import Error as DatabaseProblem
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lessons import heartbeat
from lessons.broker import connection as connection_to_redis

NEEDED = ("database", "migrations")  # without these: 503. Without the others notifications wait, and nothing is lost.


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Each part by name, all asked at once. 503 only where a request could not be served."""
    parts = look()
    status = verdict(parts)
    return JsonResponse({"status": status, "parts": parts}, status=503 if status == "unready" else 200)


def verdict(parts: dict[str, dict[str, Any]]) -> str:
    """ok, degraded (notifications wait), or unready."""
    failing = [name for name, part in parts.items() if part["status"] != "ok"]
    if any(name in NEEDED for name in failing):
        return "unready"
    return "degraded" if failing else "ok"


def look() -> dict[str, dict[str, Any]]:
    """How each part is; none is waited for longer than its deadline."""
    started = time.monotonic()
    asked = [(name, part, part.ask()) for name, part in PARTS.items()]
    return {name: part.answer(question, started) for name, part, question in asked}


@dataclass
class Part:
    """One check, in a thread of its own. One that hangs is not asked again meanwhile: threads do not pile up."""

    check: Callable[[], str]
    deadline_seconds: float
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "readyz"))
    _asked: Future[tuple[str, float]] | None = None

    def ask(self) -> Future[tuple[str, float]]:
        if self._asked is None or self._asked.done():
            self._asked = self._pool.submit(_measured, self.check)
        return self._asked

    def answer(self, question: Future[tuple[str, float]], started: float) -> dict[str, Any]:
        """What became of the question that was asked at `started`."""
        try:
            left = self.deadline_seconds - (time.monotonic() - started)
            problem, seconds = question.result(max(0.0, left))
        except NoAnswer:
            problem, seconds = f"no answer within {self.deadline_seconds:g} s", self.deadline_seconds
        return {
            "status": "failing" if problem else "ok",
            "milliseconds": round(seconds * 1000, 1),
            **({"problem": problem} if problem else {}),
        }


def _measured(check: Callable[[], str]) -> tuple[str, float]:
    started = time.monotonic()
    try:
        problem = check()
    except (DatabaseProblem, redis.RedisError, OSError) as error:
        problem = type(error).__name__
    finally:
        connection.close()  # this thread's own; a connection that is opened anew is a part of the question
    return problem, time.monotonic() - started


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} to be applied: run manage.py migrate" if missing else ""


def _broker() -> str:
    connection_to_redis().ping()
    return ""


def _worker() -> str:
    return "" if heartbeat.is_alive(heartbeat.WORKER) else "no sign of life: is a worker running?"


def _relay() -> str:
    return "" if heartbeat.is_alive(heartbeat.RELAY) else "has not run lately: is beat running?"


PARTS: dict[str, Part] = {
    "database": Part(_database, 2.0),
    "migrations": Part(_migrations, 3.0),
    "broker": Part(_broker, 1.5),
    "worker": Part(_worker, 1.5),
    "relay": Part(_relay, 1.5),
}
