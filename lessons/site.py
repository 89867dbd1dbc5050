"""The admin as a site: a dashboard as its first page, and pages that belong to no model.

Imports nothing of `lessons.admin`, which is loaded while Django is still making the site: that opens the pages itself.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lessons import policies


class SchoolSite(admin.AdminSite):
    site_header = site_title = _("Lesson Management System")
    index_title = _("School office")
    enable_nav_sidebar = False  # the lists are wide, the screens few

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[tuple[str, Callable[..., HttpResponse], str]] = []
        self._dashboard: Callable[[HttpRequest], dict[str, Any]] = lambda _request: {}

    def open_page(self, route: str, view: Callable[..., HttpResponse], name: str) -> None:
        """Give `view` an address of its own, for whoever may enter the admin; what else it asks is its own affair."""
        self._pages.append((route, view, name))

    def open_dashboard(self, context: Callable[[HttpRequest], dict[str, Any]]) -> None:
        """What the template of the first page shows beside the list of screens."""
        self._dashboard = context

    def get_urls(self) -> list[Any]:
        ours = [path(route, self.admin_view(view), name=name) for route, view, name in self._pages]
        return [*ours, *super().get_urls()]

    def each_context(self, request: Any) -> dict[str, Any]:
        """With whether this person sees the school as a whole."""
        person = request.user
        return {
            **super().each_context(request),
            "sees_everything": person.is_active and policies.sees_everything(person),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """By the clock of whoever reads it."""
        with timezone.override(request.user.time_zone):  # type: ignore[union-attr] # nobody anonymous comes here
            page = super().index(request, {**self._dashboard(request), **(extra_context or {})})
            page.render()
            return page
