"""The Content-Security-Policy of django-csp, built once: its own middleware builds the same words for each answer."""

from collections.abc import Callable
from functools import cached_property

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"
OF_A_VIEW = ("_csp_config", "_csp_update", "_csp_replace", "_csp_exempt")  # django-csp's decorators leave these


class ContentSecurityPolicy:
    """A page of ours gets the settings' policy, or that of its view. JSON is no page: nothing in it would run."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._django_csp = CSPMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        if any(hasattr(response, attribute) for attribute in OF_A_VIEW):
            self._django_csp.process_response(request, response)
            return response
        response.headers.setdefault(HEADER, self._policy)
        return response

    @cached_property
    def _policy(self) -> str:
        response = HttpResponse()
        self._django_csp.process_response(HttpRequest(), response)
        return response.headers[HEADER]
