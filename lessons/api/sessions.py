"""The API with the session of a browser that has logged in at /accounts/login/."""

from copy import copy
from typing import Any

from django.http import QueryDict
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class BrowserSession(SessionAuthentication):
    """Takes the CSRF token from the header X-CSRFToken alone.

    Looking for it in the body, as Django does for forms, would refuse a malformed body before it is known whether the
    lesson is there and who may change it.
    """

    def enforce_csrf(self, request: Request) -> None:
        without_form: Any = copy(request._request)
        without_form._post = QueryDict()
        super().enforce_csrf(without_form)
