from importlib import import_module

from django.apps import AppConfig


class BackendConfig(AppConfig):
    name = "backend"

    def ready(self) -> None:
        import_module("backend.celery")  # so that tasks are published through our application
        import_module("backend.observability.sentry").start_sentry()
