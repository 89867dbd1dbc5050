"""Log lines: for people (console) or for machines (one JSON object each), with the ids that lead from one to the next.

Everything goes through the standard library's loggers, ours and the libraries'. A line says when, how bad, who, what,
and, where there is one, the request's id, the task's and the run's. `scrub` has the last look at it.
"""

from __future__ import annotations  # Task takes type arguments only when types are checked

import json
import logging
import re
from typing import Any

import structlog
from celery import Task, signals
from structlog.typing import EventDict, WrappedLogger

from backend.observability.scrub import masked
from lessons.request_id import request_id

CONSOLE, JSON = "console", "json"
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
        return UNSEEN.sub(lambda match: repr(match[0])[1:-1], super().formatMessage(record))


def formatter(kind: str) -> logging.Formatter:
    """What the settings' LOGGING calls. `kind` is LOG_FORMAT."""
    if kind == CONSOLE:
        return ConsoleFormatter()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.EventRenamer("message"),  # `event` is one of ours
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
            structlog.contextvars.merge_contextvars,
            _add_request_id,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _one_masked_line,
        ],
    )


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if current := request_id():
        event["request_id"] = current
    return event


def _one_masked_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    safe = {key: masked(value) if isinstance(value, str) else value for key, value in event.items()}
    return json.dumps(safe, ensure_ascii=False, default=lambda value: masked(str(value)))


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
