"""/metrics: for Prometheus, inside. What came through nginx finds nothing here, unless it has the token."""

import ipaddress
import os
import secrets
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from backend.metrics.rows import Rows


def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_ask(request):
        return HttpResponseNotFound(b"", content_type="text/plain")
    # A registry of its own: the figures of all of gunicorn's workers, not of the one that answers.
    registry = CollectorRegistry()
    registry.register(Rows())
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    return HttpResponse(generate_latest(REGISTRY) + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_ask(request: HttpRequest) -> bool:
    """With the token, from anywhere; without one set, from the private network and not through a proxy."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    return "HTTP_X_FORWARDED_FOR" not in request.META and _is_inside(request.META.get("REMOTE_ADDR", ""))


@lru_cache(1024)
def _is_inside(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False
