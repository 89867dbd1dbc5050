"""The Celery application. Its settings are the CELERY_* of backend.settings."""

import gc
import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    before_task_publish,
    heartbeat_sent,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_ready,
)
from django.conf import settings
from django.db import close_old_connections

from lessons import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

app = Celery("backend")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.loader.override_backends = dict.fromkeys(("redis", "rediss"), "backend.chord_counter:ChordCounter")
app.autodiscover_tasks()


@task_prerun.connect
@task_postrun.connect
def keep_connections(**_: Any) -> None:
    """A task finds its process's connection as a request does: as long as it is young, and answers."""
    close_old_connections()


_controllers: dict[str, Any] = {}  # of this process's worker, by its name


@worker_ready.connect
def remember_controller(sender: Any, **_: Any) -> None:
    _controllers[sender.hostname] = sender.controller


@heartbeat_sent.connect
def tell_how_it_is(sender: Any, **_: Any) -> None:
    """Every two seconds: that a worker is alive, for /readyz, and how busy it is, for the monitor."""
    heartbeat.beat(heartbeat.WORKER)
    name = sender.eventer.hostname
    if controller := _controllers.get(name):
        busy, done = len(controller.state.active_requests), sum(controller.state.total_count.values())
        heartbeat.beat_worker(heartbeat.Worker(name=name, busy=busy, slots=controller.concurrency, done=done))


@heartbeat_sent.connect
@before_task_publish.connect  # beat's sign of life: it publishes every ten seconds, or at least tries to
def tell_health_check(**_: Any) -> None:
    if settings.HEARTBEAT_FILE:
        Path(settings.HEARTBEAT_FILE).touch()


@worker_process_init.connect
def leave_alone_what_stays(**_: Any) -> None:
    """What has been imported is there for good: whoever collects garbage need not look through it. A claim of ten
    thousand messages made Python do that, for a tenth of a second."""
    gc.freeze()
