"""Is this process alive; is the system ready. For load balancers, compose and people."""

import time
from collections.abc import Callable
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
    """Each part by name. 503 only where a request could not be served."""
    parts = {name: _ask(check) for name, check in CHECKS.items()}
    unready = any(parts[name]["status"] != "ok" for name in NEEDED)
    degraded = any(part["status"] != "ok" for part in parts.values())
    status = "unready" if unready else "degraded" if degraded else "ok"
    return JsonResponse({"status": status, "parts": parts}, status=503 if unready else 200)


def _ask(check: Callable[[], str]) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        problem = check()
    except (DatabaseProblem, redis.RedisError, OSError) as error:
        problem = type(error).__name__
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    return {
        "status": "failing" if problem else "ok",
        "milliseconds": milliseconds,
        **({"problem": problem} if problem else {}),
    }


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


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "worker": _worker,
    "relay": _relay,
}
