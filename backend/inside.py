"""What is asked from inside, by whichever name the asker has for us: probes and figures.

They come before everything else: a health check says `Host: 127.0.0.1`, Prometheus `Host: app:8000`, over plain HTTP.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from backend.health import livez, readyz
from backend.metrics.view import metrics

ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/livez": livez, "/readyz": readyz, "/metrics": metrics}


class AskedFromInside:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return ANSWERS.get(request.path, self.get_response)(request)
