"""The Celery application. Its settings are the CELERY_* of backend.settings."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, heartbeat_sent, worker_ready
from celery.worker import state
from django.conf import settings

from lessons import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

app = Celery("backend")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


_slots: dict[str, int] = {}  # of this process's worker, by its name


@worker_ready.connect
def remember_slots(sender: Any, **_: Any) -> None:
    _slots[sender.hostname] = sender.controller.concurrency


@heartbeat_sent.connect
def tell_readyz(sender: Any, **_: Any) -> None:
    """Every two seconds: that a worker is alive, for /readyz, and how busy it is, for the monitor."""
    heartbeat.beat(heartbeat.WORKER)
    name = sender.eventer.hostname
    busy, done = len(state.active_requests), state.all_total_count[0]
    heartbeat.beat_worker(heartbeat.Worker(name=name, busy=busy, slots=_slots.get(name, 0), done=done))


@heartbeat_sent.connect
@before_task_publish.connect  # beat's sign of life: it publishes every ten seconds, or at least tries to
def tell_health_check(**_: Any) -> None:
    if settings.HEARTBEAT_FILE:
        Path(settings.HEARTBEAT_FILE).touch()
