from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class BackendConfig(AppConfig):
    name = "backend"

    def ready(self) -> None:
        import_module("backend.celery")  # so that tasks are published through our application
        import_module("backend.observability.sentry").start_sentry()


class SchoolAdminConfig(admin.AdminConfig):
    """Django's admin, with our site in the place of its own."""

    default = False  # of this module's configurations, "backend" alone means the one above
    default_site = "lessons.site.SchoolSite"
