"""The policy of pages: the settings', or the one that a view asks for."""

from csp.decorators import csp_exempt, csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import RequestFactory

from backend.content_security import HEADER, ContentSecurityPolicy


def page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>")


def test_it_is_what_django_csp_would_have_said() -> None:
    request = RequestFactory().get("/")

    assert ContentSecurityPolicy(page)(request)[HEADER] == CSPMiddleware(page)(request)[HEADER]


def test_a_view_may_have_another_one() -> None:
    request = RequestFactory().get("/")

    updated = ContentSecurityPolicy(csp_update({"img-src": ["blob:"]})(page))(request)
    exempt = ContentSecurityPolicy(csp_exempt()(page))(request)

    assert "img-src 'self' data: blob:" in updated[HEADER]
    assert HEADER not in exempt
    assert "blob:" not in ContentSecurityPolicy(page)(request)[HEADER]


def test_json_is_no_page() -> None:
    assert HEADER not in ContentSecurityPolicy(lambda _request: JsonResponse({}))(RequestFactory().get("/"))
