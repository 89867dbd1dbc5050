"""Addresses under /api/ that lead nowhere: a problem like any other, once it is known who asks."""

from typing import Any, NoReturn

from django.urls import Resolver404, resolve
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView


@extend_schema(exclude=True)
class UnknownAddress(APIView):
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options", "trace"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._refuse(request)

    def _refuse(self, request: Request) -> NoReturn:
        with_slash = f"{request.path}/"
        try:
            known = not request.path.endswith("/") and resolve(with_slash).func.view_class is not UnknownAddress  # type: ignore[attr-defined]
        except (Resolver404, AttributeError):
            known = not request.path.endswith("/")
        raise NotFound(_("Addresses end with a slash: %(path)s") % {"path": with_slash} if known else None)
