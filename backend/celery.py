"""The Celery application. Its settings are the CELERY_* of backend.settings."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, heartbeat_sent
from django.conf import settings

from lessons import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

app = Celery("backend")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def tell_readyz(**_: Any) -> None:
    heartbeat.beat(heartbeat.WORKER)


@heartbeat_sent.connect
@before_task_publish.connect  # beat's sign of life: it publishes every ten seconds, or at least tries to
def tell_health_check(**_: Any) -> None:
    if settings.HEARTBEAT_FILE:
        Path(settings.HEARTBEAT_FILE).touch()
