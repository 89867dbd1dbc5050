"""Every refusal as a problem (RFC 9457): the one place where domain errors become answers."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.response import Response

from lessons import lifecycle, selectors
from lessons.models import Lesson, SlotConflict, User
from lessons.models.lesson import ConditionUnmet
from lessons.request_id import request_id

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2


class Problem(exceptions.APIException):
    """An APIException with members of its own beside the standard ones."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str | Promise,
        *,
        attr: str | None = None,
        wait: int | None = None,
        **members: Any,
    ) -> None:
        super().__init__(str(detail), code)
        self.status_code, self.attr, self.members = status, attr, members
        if wait is not None:
            self.wait = wait


def lesson_problem(error: Exception, lesson: Lesson, person: User) -> exceptions.APIException | None:
    """What a refusal of the life cycle is to a client who sees the lesson; None for what is no such refusal."""
    now = {"current_status": lesson.status, "available_transitions": selectors.available_transitions(lesson, person)}
    if isinstance(error, lifecycle.TransitionRefused):
        detail = _("This is not possible: the lesson is %(status)s.") % {"status": lesson.get_status_display()}
        return Problem(409, "transition_not_allowed", detail, **now)
    if isinstance(error, ConditionUnmet):
        return Problem(409, "condition_unmet", error.reason, condition=error.code, **now)
    if isinstance(error, lifecycle.ConcurrentChange):
        return Problem(
            409, "concurrent_change", _("Somebody else is changing this lesson right now; try again."), **now
        )
    if isinstance(error, lifecycle.NotEditable):
        field = error.field.removesuffix("_id")
        detail = _("%(field)s cannot be edited: the lesson is %(status)s.") % {
            "field": field,
            "status": lesson.get_status_display(),
        }
        return Problem(409, "not_editable", detail, attr=field, **now)
    if isinstance(error, SlotConflict):
        return Problem(
            409,
            "slot_conflict",
            _("Somebody is already booked at this time."),
            conflicts=_conflicts(error, person),
            **now,
        )
    return None


def _conflicts(error: SlotConflict, person: User) -> list[dict[str, Any]]:
    """The clashes, with people's names; of lessons that the person may not see, only that there is one."""
    names = User.objects.in_bulk({clash.user_id for clash in error.clashes})
    visible = set(
        selectors.visible_lessons(person)
        .filter(pk__in=[c.lesson_id for c in error.clashes])
        .values_list("pk", flat=True)
    )
    return [
        {
            "user": {
                "id": clash.user_id,
                "username": names[clash.user_id].username,
                "full_name": names[clash.user_id].full_name,
            },
            "lesson": clash.lesson_id if clash.lesson_id in visible else None,
            "start_time": clash.start_time if clash.lesson_id in visible else None,
            "end_time": clash.end_time if clash.lesson_id in visible else None,
        }
        for clash in error.clashes
    ]


def _invalid(error: lifecycle.InvalidLesson) -> exceptions.ValidationError:
    return exceptions.ValidationError({error.field: [exceptions.ErrorDetail(str(error.reason), code=error.code)]})


KNOWN: dict[type[Exception], Callable[[Any], exceptions.APIException]] = {
    lifecycle.LessonNotFound: lambda _error: exceptions.NotFound(),
    lifecycle.NotPermitted: lambda _error: exceptions.PermissionDenied(),
    lifecycle.InvalidLesson: _invalid,
    lifecycle.VersionMismatch: lambda _error: Problem(
        412, "version_mismatch", _("The lesson has changed since you read it; read it again and decide anew.")
    ),
    lifecycle.ConcurrentChange: lambda _error: Problem(
        409, "concurrent_change", _("Somebody else is changing this right now; try again.")
    ),
    OperationalError: lambda _error: _unavailable(),
    InterfaceError: lambda _error: _unavailable(),
}


def _unavailable() -> Problem:
    detail = _("The database cannot be reached; nothing was changed. Try again in a moment.")
    return Problem(503, "service_unavailable", detail, wait=RETRY_AFTER_SECONDS)


class ProblemHandler(ExceptionHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        for known, convert in KNOWN.items():
            if isinstance(exc, known):
                return convert(exc)
        return super().convert_known_exceptions(exc)

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        response = super().get_response(exc, data)
        response.content_type = CONTENT_TYPE
        return response


class ProblemFormatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        attr = getattr(self.exc, "attr", None)
        errors = [
            {"attr": error.attr or attr, "code": error.code, "detail": error.detail} for error in error_response.errors
        ]
        code, detail = str(errors[0]["code"]), str(errors[0]["detail"])
        if isinstance(self.exc, exceptions.ValidationError):
            code, detail = "invalid", "; ".join(_as_sentence(error) for error in errors[:5])
        members, path = getattr(self.exc, "members", {}), str(getattr(self.context["request"], "path", ""))
        return problem(self.exc.status_code, code, detail, path, errors=errors, **members)


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


def problem_response(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """For what is refused before Django REST framework sees it."""
    body = problem(status, code, detail, request.path)
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest) -> HttpResponse:
    return problem_response(request, 400, "bad_request", gettext("The request is malformed."))


def not_found(request: HttpRequest) -> HttpResponse:
    return problem_response(request, 404, "not_found", gettext("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    return problem_response(request, 500, "error", gettext("Something went wrong on our side; we have been told."))


def forbidden(request: HttpRequest) -> HttpResponse:
    return problem_response(request, 403, "permission_denied", gettext("You may not do this."))
