"""Log lines: for people (console) or for machines (one JSON object each), with the ids that lead from one to the next.

Everything goes through the standard library's loggers, ours and the libraries'. A line says when, how bad, who, what,
and, where there is one, the request's id, the task's and the run's. `scrub` has the last look at it.
"""

from __future__ import annotations  # Task takes type arguments only when types are checked

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

import structlog
from celery import Task, signals

from backend.observability.scrub import masked
from lessons.request_id import request_id

JSON = "json"
# No line says which thread or process wrote it, and to find that out takes as long as to write it.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

encode = json.JSONEncoder(ensure_ascii=False, default=lambda value: masked(str(value))).encode
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class ConsoleFormatter(logging.Formatter):
    """2026-11-25 10:00:00,000 INFO    lessons.tasks [request id] text. The other ids are for machines."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname:<7} {name} [{request_id}] {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = request_id() or "-"
        return masked(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        """One line, whatever is in it: nobody forges a second one. A traceback comes after it."""
        line = super().formatMessage(record)
        return line if line.isprintable() else UNSEEN.sub(lambda match: repr(match[0])[1:-1], line)


class JsonFormatter(logging.Formatter):
    """One object per line. By hand: a chain of processors takes five times as long, and a wave of messages has a line
    for each of them."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            **structlog.contextvars.get_contextvars(),
        }
        if current := request_id():
            said["request_id"] = current
        if record.exc_info:
            said["exception"] = masked(self.formatException(record.exc_info))
        return encode(said)


def formatter(kind: str) -> logging.Formatter:
    """What the settings' LOGGING calls. `kind` is LOG_FORMAT."""
    return JsonFormatter() if kind == JSON else ConsoleFormatter()


@signals.task_prerun.connect
def bind_task(task_id: str, task: Task[Any, Any], **_: Any) -> None:
    """From here on, lines say which task they belong to, and which run: a chord's tasks share its id as their root.

    What is bound stays until the next task comes: Sentry reads it when the task has ended.
    """
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task_id=task_id)
    root = task.request.root_id
    if root and root != task_id:
        structlog.contextvars.bind_contextvars(run=root)
