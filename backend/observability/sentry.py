"""Sentry: errors, and one trace from the request over the relay to the delivery.

A relay that was woken by a request continues that request's trace, and so does the chord that it launches. Of the
other requests whose messages travel in the same wave, the events' numbers are among the tags.
"""

from __future__ import annotations  # Task takes type arguments only when types are checked

import os
from typing import Any

import sentry_sdk
import structlog
from celery import Task, signals
from django.conf import settings
from django.dispatch import receiver
from sentry_sdk.crons import capture_checkin
from sentry_sdk.crons.consts import MonitorStatus
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger

from backend.observability.scrub import scrubbed
from lessons.lifecycle import transition_tried
from lessons.models import Lesson
from lessons.request_id import request_id

HEARTBEAT = "lessons-heartbeat"
HEARTBEAT_TASK = "lessons.remind"  # beat → broker → worker → database, once a minute: Sentry takes no shorter interval
MONITOR: Any = {
    "schedule": {"type": "interval", "value": 1, "unit": "minute"},
    "checkin_margin": 2,
    "max_runtime": 2,
    "failure_issue_threshold": 2,
    "recovery_threshold": 1,
}
PROBES = ("/livez", "/readyz", "/metrics")
TAGS = ("lesson", "event", "run", "channel", "delivery", "events", "requests", "task_id")
LONGEST_TAG = 200


def start_sentry() -> None:
    """Does nothing without SENTRY_DSN. What is sent passes `_clean` last."""
    if not settings.SENTRY_DSN:
        return
    ignore_logger("django.security.DisallowedHost")  # scanners, not errors of ours
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.ENVIRONMENT,
        release=os.environ.get("VERSION"),
        traces_sampler=_sample_rate,
        send_default_pii=False,
        include_local_variables=False,  # they hold people's addresses
        max_request_body_size="never",
        before_send=_clean_error,
        before_send_transaction=_clean,
        before_breadcrumb=lambda crumb, _hint: scrubbed(crumb),
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            CeleryIntegration(monitor_beat_tasks=False),
        ],
    )


def _sample_rate(context: dict[str, Any]) -> float:
    if context.get("wsgi_environ", {}).get("PATH_INFO") in PROBES:
        return 0.0
    parent = context.get("parent_sampled")
    return float(parent) if parent is not None else float(settings.SENTRY_TRACES_SAMPLE_RATE)


def _clean(event: Any, _hint: Any) -> Any:
    """What is bound to the task or request becomes tags; nobody's name, address or token leaves the house."""
    bound = structlog.contextvars.get_contextvars()
    tags = {key: str(bound[key])[:LONGEST_TAG] for key in TAGS if key in bound}
    if current := request_id():
        tags["request_id"] = current
    own_tags = dict(event.get("tags") or {})
    for key in ("server_name", "user"):
        event.pop(key, None)
    cleaned = scrubbed({key: value for key, value in event.items() if key != "tags"})
    return {**cleaned, "tags": {**tags, **own_tags}}


def _clean_error(event: Any, hint: Any) -> Any:
    """What a log line calls an issue is one issue, however its numbers differ."""
    if issue := getattr(hint.get("log_record"), "issue", None):
        event["fingerprint"] = [issue]
    return _clean(event, hint)


@receiver(transition_tried)
def tag_change(lesson: Lesson | None = None, **_: Any) -> None:
    """A request that changed a lesson can be found by it."""
    if lesson is None or not settings.SENTRY_DSN:
        return
    sentry_sdk.set_tag("lesson", str(lesson.pk))
    if latest := getattr(lesson, "latest_event", None):
        sentry_sdk.set_tag("event", str(latest.pk))


@signals.task_postrun.connect
def check_in(task: Task[Any, Any], state: str = "", **_: Any) -> None:
    """Once a minute: everything from beat to the database works."""
    if settings.SENTRY_DSN and task.name == HEARTBEAT_TASK:
        status = MonitorStatus.OK if state == "SUCCESS" else MonitorStatus.ERROR
        capture_checkin(monitor_slug=HEARTBEAT, status=status, monitor_config=MONITOR)
