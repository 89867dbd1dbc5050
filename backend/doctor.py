"""What is wrong, in one screen: the parts of /readyz, and what they do not tell. Changes nothing."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.core import checks
from django.db import Error as DatabaseProblem
from django.db import connection
from kombu.exceptions import KombuError

from backend import health
from lessons.broker import connection as connection_to_redis
from lessons.monitoring.queues import queue_names

AWAY = (DatabaseProblem, redis.RedisError, KombuError, OSError)
LATE_SECONDS, CLOCK_SECONDS, REACH_SECONDS = 300, 5, 3

ADVICE = {
    "database": "is PostgreSQL up, and DATABASE_URL right?",
    "migrations": "run manage.py migrate",
    "broker": "is Redis up, and REDIS_URL right? Lessons change all the same; notifications wait",
    "worker": "start one: celery --app backend worker …; its log says why it ended",
    "relay": "start beat (exactly one), and a worker of the queue `control`",
}

WAITING = """
SELECT channel, count(*), coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)::float8
  FROM lessons_delivery WHERE state = 'pending' AND next_attempt_at <= now() GROUP BY channel ORDER BY channel
"""
DEAD = "SELECT channel, count(*) FROM lessons_delivery WHERE state = 'dead' GROUP BY channel ORDER BY channel"
OPEN = "SELECT name, open_until FROM lessons_channel WHERE open_until > now() ORDER BY name"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `problem` is empty where it is well; `detail` is worth knowing either way."""

    name: str
    problem: str = ""
    advice: str = ""
    detail: str = ""


def examine() -> Iterator[Finding]:
    """Everything, one after the other; a part that does not answer is a finding, and no end."""
    yield from _parts()
    for name, look in LOOKS.items():
        try:
            yield from look()
        except AWAY as error:
            yield Finding(name, f"could not be looked at: {type(error).__name__}", "see above")


def _parts() -> Iterator[Finding]:
    for name, part in health.look().items():
        yield Finding(name, part.get("problem", ""), ADVICE[name], f"{part['milliseconds']:g} ms")


def _settings() -> Iterator[Finding]:
    """Django's own list for deployments, where this is one."""
    messages: list[Any] = checks.run_checks(include_deployment_checks=settings.IS_PRODUCTION)
    grave = [message for message in messages if message.level >= checks.WARNING]
    problem = "; ".join(f"{message.id} {message.msg}" for message in grave)
    yield Finding("settings", problem, "manage.py check --deploy", settings.ENVIRONMENT)


def _clock() -> Iterator[Finding]:
    """The database's clock decides what is due, ours when tasks expire and tokens end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), current_setting('server_version')")
        ((theirs, version),) = cursor.fetchall()
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    problem = f"is {apart:.0f} s apart from the database's" if apart > CLOCK_SECONDS else ""
    yield Finding("clock", problem, "let NTP keep both", f"PostgreSQL {version}, {apart:.1f} s apart")


def _redis_memory() -> Iterator[Finding]:
    policy = dict(connection_to_redis().config_get("maxmemory-policy")).get("maxmemory-policy", "unknown")
    problem = "" if policy == "noeviction" else f"is {policy}: Redis may throw tasks away when it is full"
    yield Finding("redis memory", problem, "set maxmemory-policy noeviction", f"maxmemory-policy {policy}")


def _deliveries() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        for channel, number, age in cursor.fetchall():
            problem = f"{number} are due, one for {age:.0f} s" if age > LATE_SECONDS else ""
            yield Finding(f"due over {channel}", problem, f"is a worker of deliver.{channel} running?", f"{number} due")
        cursor.execute(DEAD)
        for channel, number in cursor.fetchall():
            advice = "see why in the admin (deliveries, state dead), then redeliver"
            yield Finding(f"dead over {channel}", f"{number} were given up", advice)
        cursor.execute(OPEN)
        for channel, until in cursor.fetchall():
            problem = f"is left alone until {until:%H:%M:%S} UTC"
            yield Finding(f"provider of {channel}", problem, "its last errors are at the deliveries")


def _queues() -> Iterator[Finding]:
    """Which queues somebody takes from."""
    replies = current_app.control.inspect(timeout=1.0).active_queues() or {}
    taken = {queue["name"] for queues in replies.values() for queue in queues}
    wanted = set(queue_names(settings.NOTIFICATION_CHANNELS))
    problem = f"nobody takes from {', '.join(sorted(wanted - taken))}" if wanted - taken else ""
    yield Finding("queues", problem, "start a worker with --queues", f"{len(replies)} workers")


def _providers() -> Iterator[Finding]:
    """Whether somebody listens there; nothing is sent."""
    sms = urlsplit(settings.SMS_GATEWAY_URL)
    default_port = 443 if sms.scheme == "https" else 80
    places: dict[str, tuple[str, Any]] = {
        "email": (str(settings.EMAIL_HOST), settings.EMAIL_PORT),
        "sms": (sms.hostname or "", sms.port or default_port),
    }
    for channel in set(places) & set(settings.NOTIFICATION_CHANNELS):
        host, port = places[channel]
        try:
            socket.create_connection((host, port), REACH_SECONDS).close()
            problem = ""
        except OSError as error:
            problem = f"{host}:{port} cannot be reached: {type(error).__name__}"
        yield Finding(f"{channel} provider", problem, "is the address right, and the way there open?", f"{host}:{port}")


LOOKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "settings": _settings,
    "clock": _clock,
    "redis memory": _redis_memory,
    "deliveries": _deliveries,
    "queues": _queues,
    "providers": _providers,
}
