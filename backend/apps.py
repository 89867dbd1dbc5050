from importlib import import_module

from django.apps import AppConfig

from backend.observability import start_sentry


class BackendConfig(AppConfig):
    name = "backend"

    def ready(self) -> None:
        import_module("backend.celery")  # so that tasks are published through our application
        start_sentry()
