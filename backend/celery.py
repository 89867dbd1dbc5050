"""The Celery application. Its settings are the CELERY_* of backend.settings."""

import os
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent

from lessons import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

app = Celery("backend")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def tell_readyz(**_: Any) -> None:
    heartbeat.beat(heartbeat.WORKER)
