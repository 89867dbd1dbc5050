"""Log lines: for people or for machines, with the ids that lead from one to the next, and nobody's address."""

import json
import logging
import sys
from typing import Any

import pytest
import structlog

from backend.observability import logs
from backend.observability.logs import formatter
from lessons.request_id import current_request_id


def record(text: str, *arguments: object, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("lessons.tasks", logging.WARNING, __file__, 1, text, arguments, more.get("exc_info"))


@pytest.fixture
def _a_request() -> Any:
    structlog.contextvars.clear_contextvars()
    token = current_request_id.set("abc-1")
    yield
    current_request_id.reset(token)


@pytest.mark.usefixtures("_a_request")
def test_a_line_for_people_carries_the_request() -> None:
    line = formatter("console").format(record("%s sent to %s", 3, "bob@school.example"))

    assert line.endswith("WARNING lessons.tasks [abc-1] 3 sent to [e-mail]")


@pytest.mark.usefixtures("_a_request")
def test_a_line_for_machines_is_one_object_with_every_id() -> None:
    with structlog.contextvars.bound_contextvars(task_id="t", run="r", lesson=7, event=9, delivery=11, attempt=2):
        line = formatter("json").format(record("sent to %s", "bob@school.example"))

    said = json.loads(line)
    assert said.pop("timestamp").endswith("+00:00")
    assert said == {
        "event": 9, "level": "warning", "logger": "lessons.tasks", "request_id": "abc-1", "task_id": "t", "run": "r",
        "lesson": 7, "delivery": 11, "attempt": 2, "message": "sent to [e-mail]",
    }  # fmt: skip


def test_a_traceback_stays_in_its_line_and_is_masked() -> None:
    try:
        raise ValueError("Key (email)=(bob@school.example) exists")
    except ValueError:
        line = formatter("json").format(record("failed", exc_info=sys.exc_info()))

    assert "\n" not in line
    assert "ValueError: Key (email)=([e-mail]) exists" in json.loads(line)["exception"]


@pytest.mark.parametrize("text", ["a\nforged 2026-01-01 INFO root logged in", "a\r\nb", "tab\tbed"])
def test_a_line_break_in_a_value_forges_no_line(text: str) -> None:
    for kind in ("console", "json"):
        assert len(formatter(kind).format(record("title %s", text)).splitlines()) == 1


def test_one_task_leaves_nothing_to_the_next() -> None:
    class Request:
        root_id = "root"

    class Task:
        request = Request()

    logs.bind_task(task_id="first", task=Task())
    structlog.contextvars.bind_contextvars(lesson=1)
    logs.bind_task(task_id="root", task=Task())

    assert structlog.contextvars.get_contextvars() == {"task_id": "root"}
    structlog.contextvars.clear_contextvars()
