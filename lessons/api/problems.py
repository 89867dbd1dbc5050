"""Every refusal as a problem (RFC 9457), whoever refuses: a view, Django REST framework or Django itself."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import Error, ErrorResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.settings import api_settings

from lessons.api.refusals import as_api_error
from lessons.request_id import request_id

CONTENT_TYPE = "application/problem+json"

# Code and words of what is refused before Django REST framework sees it.
OF_DJANGO = {
    400: ("bad_request", _("The request is malformed.")),
    429: ("too_many_logins", _("Too many failed logins. Wait as long as Retry-After says, then try again.")),
    500: ("error", _("Something went wrong on our side; we have been told.")),
}

OF_TOKENS = {
    "token_not_valid": _("The token is wrong or has expired; get a new one."),
    "no_active_account": _("There is no active account with these credentials."),
    "bad_authorization_header": _("The header is Authorization: Bearer, a space, and the token."),
    "user_inactive": _("This account is deactivated."),
    "password_changed": _("The password has been changed; log in again."),
}


class ProblemHandler(ExceptionHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        return as_api_error(exc) or super().convert_known_exceptions(exc)

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        # Whatever the view would have answered with, a page or YAML: a problem is JSON.
        request: Any = self.context["request"]
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        response = super().get_response(exc, data)
        response.content_type = CONTENT_TYPE
        return response


class ProblemFormatter(ExceptionFormatter):
    def get_errors(self) -> list[Error]:
        detail = self.exc.detail
        if isinstance(detail, dict) and not isinstance(self.exc, exceptions.ValidationError):
            # simplejwt's: its words, which it has in no Russian, the code and reasons side by side.
            code = str(detail["code"])
            return [Error(code, str(OF_TOKENS.get(code, detail["detail"])), None)]
        errors: list[Error] = super().get_errors()
        if isinstance(self.exc, exceptions.AuthenticationFailed):
            return [Error(e.code, str(OF_TOKENS.get(e.code, e.detail)), e.attr) for e in errors]
        return errors

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        errors = [
            {"attr": _printable(self._attr(error)), "code": error.code, "detail": _printable(error.detail)}
            for error in error_response.errors
        ]
        code, detail = errors[0]["code"], errors[0]["detail"]
        if isinstance(self.exc, exceptions.ValidationError):
            code, detail = "invalid", "; ".join(_as_sentence(error) for error in errors[:5])
        members, path = getattr(self.exc, "members", {}), str(getattr(self.context["request"], "path", ""))
        return problem(self.exc.status_code, str(code), str(detail), path, errors=errors, **members)

    def _attr(self, error: Error) -> str | None:
        attr = error.attr or getattr(self.exc, "attr", None)
        return None if attr == api_settings.NON_FIELD_ERRORS_KEY else attr


def _printable(text: str | None) -> str | None:
    """Lone surrogates, which a client may have sent and no UTF-8 can say, as the escapes that they came as."""
    return text and text.encode(errors="backslashreplace").decode()


def _as_sentence(error: dict[str, Any]) -> str:
    return f"{error['attr']}: {error['detail']}" if error["attr"] else str(error["detail"])


def problem(
    status: int, code: str, detail: str, instance: str, errors: list[dict[str, Any]] | None = None, **members: Any
) -> dict[str, Any]:
    """The members of a problem, in the order in which people read them."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "errors": errors if errors is not None else [{"attr": None, "code": code, "detail": detail}],
        "request_id": request_id(),
        **members,
    }


def problem_response(request: HttpRequest, status: int) -> HttpResponse:
    """The answer to what is refused before Django REST framework sees it; one of `OF_DJANGO`."""
    code, detail = OF_DJANGO[status]
    body = problem(status, code, str(detail), request.path)
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=CONTENT_TYPE)
