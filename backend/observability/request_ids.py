"""One request id from the edge to the task: given by nginx, or by whoever asks, or made here."""

from __future__ import annotations  # Task takes type arguments only when types are checked

import re
import uuid
from collections.abc import Callable
from typing import Any

import sentry_sdk
from celery import Task, signals
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lessons.request_id import current_request_id, request_id

ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
HEADER = "request_id"  # of a task's message


class RequestIdMiddleware:
    """Keeps the caller's X-Request-ID where it is harmless, else makes one; answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.tells_sentry = bool(settings.SENTRY_DSN)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        token = current_request_id.set(given if ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex)
        if self.tells_sentry:
            sentry_sdk.set_tag("request_id", request_id())
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id()
            return response
        finally:
            current_request_id.reset(token)

    def process_view(self, request: HttpRequest, _view: Any, _arguments: Any, named: dict[str, Any]) -> None:
        """Which lesson the address is about, where it is about one."""
        if self.tells_sentry and "/lessons/" in request.path and (lesson := named.get("pk")):
            sentry_sdk.set_tag("lesson", str(lesson))


@signals.before_task_publish.connect
def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """The task that a request sets off, and those that this one sets off, carry the request's id."""
    if headers is not None and (current := request_id()):
        headers.setdefault(HEADER, current)


@signals.task_prerun.connect
def take_over(task: Task[Any, Any], **_: Any) -> None:
    """Holds until the next task comes: Sentry asks when the task has ended."""
    current_request_id.set(getattr(task.request, HEADER, None) or "")
