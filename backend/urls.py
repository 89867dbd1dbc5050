"""Where everything is."""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views import defaults
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

from backend.flower import flower_access
from backend.inside import ANSWERS
from lessons.api.problems import problem_response
from lessons.api.views.unknown import UnknownAddress

# ReDoc writes its styles into elements of its own, of which one is empty when it is made and one is always the same,
# and searches in a worker of its own making. A browser test notices when an update has another style.
REDOC_STYLES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]
_for_redoc = csp_update({"style-src": REDOC_STYLES, "worker-src": ["blob:"]})

urlpatterns = [
    path("api/v1/", include("lessons.api.urls")),  # first: each address is compared with all that stand before it
    path("", TemplateView.as_view(template_name="lessons/landing.html"), name="landing"),
    path("accounts/login/", auth.LoginView.as_view(template_name="lessons/login.html"), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("swagger/", SpectacularSwaggerSplitView.as_view(template_name="lessons/swagger.html"), name="swagger"),
    path("redoc/", _for_redoc(SpectacularRedocView.as_view(template_name="lessons/redoc.html")), name="redoc"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    re_path("^api/", UnknownAddress.as_view(authentication_classes=[], permission_classes=[])),
    *(path(address.removeprefix("/"), answer, name=address.removeprefix("/")) for address, answer in ANSWERS.items()),
    path("internal/flower/", flower_access, name="flower-access"),
]


def _refusal(status: int, page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A problem to who speaks to the API, a page to people."""

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.path.startswith("/api/"):
            return problem_response(request, status)
        return page(request, *args, **kwargs)

    return answer


handler400 = _refusal(400, defaults.bad_request)
handler500 = _refusal(500, defaults.server_error)
