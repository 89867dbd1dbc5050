"""Idempotency-Key: what a client asks for again, because it heard no answer, is done once and answered alike.

The answer is stored in the change's own transaction: there is one exactly where there is a change. Refusals are stored
too, but for those that another try may not meet: 409, 429 and 5xx.
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from lessons.api.refusals import Problem
from lessons.models import IdempotencyRecord, User
from lessons.models.idempotency import KEPT_FOR
from lessons.sql import fetch

Method = TypeVar("Method", bound=Callable[..., Any])

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x20-\x7e]{1,255}")
REPLAYED_HEADERS = ("ETag", "Location")
RETRY_AFTER_SECONDS = 1
NOT_KEPT = {409, 429}
SERVER_ERRORS = 500

# Not waited for: a request under way is told as such.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(key)s, %(user)s))"


class InFlight(Problem):
    wait = RETRY_AFTER_SECONDS  # becomes the header Retry-After

    def __init__(self) -> None:
        detail = _("A request with this Idempotency-Key is still being worked on; try again in a moment.")
        super().__init__(409, "idempotency_in_flight", detail, attr=HEADER)


def refuse_malformed_key(request: Any) -> None:
    key = request.headers.get(HEADER)
    if request.method == "POST" and key is not None and not KEY.fullmatch(key):
        raise ValidationError({HEADER: [ErrorDetail(str(_("A key is 1 to 255 ASCII characters.")), code="invalid")]})


def idempotent(operation: Method) -> Method:
    """A view's method whose answers are kept for the key that came with the request."""

    @wraps(operation)
    def answered_once(view: Any, *args: Any, **kwargs: Any) -> Any:
        key = view.request.headers.get(HEADER)
        # What is wrong with the key, or too large to be remembered, is refused with the request's other faults.
        if key is None or not KEY.fullmatch(key) or _is_too_large(view.request):
            return operation(view, *args, **kwargs)
        return _answer_once(view, key, lambda: operation(view, *args, **kwargs))

    return cast(Method, answered_once)


def _answer_once(view: Any, key: str, operation: Callable[[], Response]) -> Response | HttpResponse:
    user, fingerprint = view.person, _fingerprint(view.request._request)
    with transaction.atomic():
        if not _lock(user, key):
            raise InFlight
        record = IdempotencyRecord.objects.filter(user=user, key=key).first()
        if record and record.created_at > timezone.now() - KEPT_FOR:
            return _replay(record, fingerprint)
        response = _answer(view, operation)
        if response.status_code not in NOT_KEPT and response.status_code < SERVER_ERRORS:
            _keep(response, user, key, fingerprint)
    return response


def _lock(user: User, key: str) -> bool:
    return bool(fetch(LOCK, key=key, user=user.pk)[0][0])


def _answer(view: Any, operation: Callable[[], Response]) -> Response:
    """The operation's answer; where it refuses, what it has written is undone, and the lock is still held."""
    try:
        with transaction.atomic():
            return operation()
    except Exception as error:  # as Django REST framework does around every method
        response: Response = view.handle_exception(error)
        return response


def _keep(response: Response, user: User, key: str, fingerprint: str) -> None:
    headers = {name: response[name] for name in REPLAYED_HEADERS if name in response}
    answer = {
        "fingerprint": fingerprint,
        "status": response.status_code,
        "headers": headers | {"Content-Type": response.content_type or JSONRenderer.media_type},
        "body": JSONRenderer().render(response.data).decode(),
        "created_at": timezone.now(),
    }
    record = IdempotencyRecord(user=user, key=key, **answer)
    # In the place of one that has served its time.
    IdempotencyRecord.objects.bulk_create(
        [record], update_conflicts=True, unique_fields=["user", "key"], update_fields=list(answer)
    )


def _replay(record: IdempotencyRecord, fingerprint: str) -> HttpResponse:
    if record.fingerprint != fingerprint:
        detail = _("This Idempotency-Key came with another request before; use a new one.")
        raise Problem(422, "idempotency_mismatch", detail, attr=HEADER)
    headers = {**record.headers, "Idempotency-Replayed": "true"}
    return HttpResponse(record.body, status=record.status, headers=headers)


def _is_too_large(request: Any) -> bool:
    return int(request.META.get("CONTENT_LENGTH") or 0) > settings.API_MAX_BODY_BYTES


def _fingerprint(request: HttpRequest) -> str:
    """What was asked for: not when, and not on which condition."""
    parts = (request.method or "", request.get_full_path(), request.content_type or "")
    head = "\n".join(parts).encode(errors="backslashreplace")
    return hashlib.sha256(head + b"\n\n" + request.body).hexdigest()
