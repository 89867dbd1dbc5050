"""The Celery application of the plain design, with Celery's own defaults."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.yardsticks.plain.settings")

app = Celery("plain")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
