"""The site with one address more, at which it breaks: `gunicorn backend.tests.extra.breaking:application`."""

from importlib import import_module
from typing import Any, NoReturn

from django.http import HttpRequest
from django.urls import path

from backend.wsgi import application

__all__ = ["application"]


def breaks(request: HttpRequest, pk: int) -> NoReturn:
    raise LookupError(f"nobody@school.example, +79001234567, Bearer {'x' * 20} of lesson {pk}")


urls: Any = import_module("backend.urls")  # now that Django is set up
urls.urlpatterns.insert(0, path("api/v1/lessons/<int:pk>/break/", breaks))
