"""Failed logins, counted per account and per address, whichever door they were at: the site's, the admin's, the API's.

django-axes calls this. Whoever has failed too often is not asked for their password any more: 429 with Retry-After.
"""

from datetime import timedelta
from functools import reduce
from ipaddress import ip_address
from operator import and_, or_
from typing import Any

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from axes.models import AccessFailureLog
from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from lessons.api.problems import problem_response


class LoginGuard(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]
    """One row per failure, so that the window slides; a success forgives nothing."""

    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        return seconds_locked(request, credentials or {}) > 0

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        if request.axes_locked_out:  # not even tried: the lock is not made longer
            request.axes_credentials = credentials
            return
        _failures().filter(attempt_time__lte=timezone.now() - settings.LOGIN_FAILURES_WINDOW).delete()
        AccessFailureLog.objects.create(
            username=credentials.get("username"),
            ip_address=request.axes_ip_address,
            user_agent=request.axes_user_agent,
            http_accept=request.axes_http_accept,
            path_info=request.axes_path_info,
        )

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """django-axes asks `is_locked` alone."""
        return 0

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """For `manage.py axes_reset`, `axes_reset_username` and `axes_reset_ip`: how many failures are forgotten."""
        given = [Q(**{name: value}) for name, value in (("ip_address", ip_address), ("username", username)) if value]
        forgotten = reduce(or_ if ip_or_username else and_, given, Q())
        return _failures().filter(forgotten).delete()[0]

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None: ...

    def user_logged_out(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None: ...


def seconds_locked(request: Any, credentials: dict[str, Any]) -> float:
    """How long it takes until this account may be tried from this address; 0: at once."""
    account = _failures().filter(username=credentials.get("username"))
    seconds = _seconds_until_fewer(account, settings.LOGIN_FAILURES_PER_ACCOUNT)
    if request.axes_ip_address is None:
        return seconds
    address = _failures().filter(ip_address=request.axes_ip_address)
    return max(seconds, _seconds_until_fewer(address, settings.LOGIN_FAILURES_PER_ADDRESS))


def _failures() -> QuerySet[Any]:
    failures: QuerySet[Any] = AccessFailureLog.objects.all()
    return failures


def _seconds_until_fewer(failures: QuerySet[Any], limit: int) -> float:
    """The window is full for as long as the `limit`-th latest failure is in it."""
    moments = failures.order_by("-attempt_time").values_list("attempt_time", flat=True)
    decisive = next(iter(moments[limit - 1 : limit]), None)
    if decisive is None:
        return 0.0
    left: timedelta = decisive + settings.LOGIN_FAILURES_WINDOW - timezone.now()
    return max(0.0, left.total_seconds())


def address_of(request: Any) -> str | None:
    """The client's address; None of a server on a socket. What a client claims in a header does not count."""
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def refuse(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """What a locked login is answered with: a problem to who speaks to the API, a page to people."""
    seconds = max(1, round(seconds_locked(request, credentials or {})))
    if request.path.startswith("/api/"):
        answer = problem_response(request, 429)
    else:
        minutes = -(-seconds // 60)
        answer = render(request, "lessons/too_many_logins.html", {"minutes": minutes}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer
