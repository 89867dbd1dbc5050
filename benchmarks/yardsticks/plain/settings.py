"""As Django and Celery come, with what a careful engineer would set for speed."""

import os

from backend.environment import Environment

env = Environment([])
SECRET_KEY = "of no use: nobody logs in"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "benchmarks.yardsticks.plain.site"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = ["benchmarks.yardsticks.plain"]
DATABASES = {"default": {**env.database("DATABASE_URL"), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ, TIME_ZONE = True, "UTC"

CELERY_BROKER_URL = CELERY_RESULT_BACKEND = os.environ["CELERY_BROKER_URL"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 1_000_000  # persistent connections for tasks, too
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"console": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "console"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
