"""Counted as it happens, in the processes that serve the site: requests, and transitions with their outcome."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from lessons import lifecycle

REQUESTS = Counter("lessons_http_requests", "Requests by route and status.", ["method", "route", "status"])
SECONDS = Histogram(
    "lessons_http_request_seconds",
    "How long a request took inside the application.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
TRANSITIONS = Counter("lessons_transitions", "Transitions that were tried.", ["transition", "outcome"])

METHODS = {"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"}
OUTCOMES: dict[type[Exception], str] = {
    lifecycle.TransitionRefused: "not_allowed",
    lifecycle.ConditionUnmet: "condition_unmet",
    lifecycle.SlotConflict: "slot_conflict",
    lifecycle.ConcurrentChange: "concurrent_change",
    lifecycle.VersionMismatch: "version_mismatch",
    lifecycle.NotPermitted: "not_permitted",
    lifecycle.LessonNotFound: "not_found",
    lifecycle.InvalidLesson: "invalid",
}

# Looking a child up by its labels costs more than counting.
_requests = cache(REQUESTS.labels)
_seconds = cache(SECONDS.labels)
_transitions = cache(TRANSITIONS.labels)


class RequestMetrics:
    """Routes, not addresses: an id in a label would be a new series for each lesson."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = match.route if match else "unknown"
        method = request.method if request.method in METHODS else "OTHER"
        _requests(method, route, response.status_code).inc()
        _seconds(route).observe(time.perf_counter() - started)
        return response


@receiver(lifecycle.transition_tried)
def count_transition(name: str, error: Exception | None, **_: Any) -> None:
    outcome = "done" if error is None else OUTCOMES.get(type(error), "error")
    _transitions(name, outcome).inc()
