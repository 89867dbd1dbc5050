"""One transition for the admin: one call of the life cycle and its line in the admin's log, or neither."""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from lessons import lifecycle
from lessons.admin.base import SchoolAdmin
from lessons.admin.refusals import REFUSED, Refusal, explain
from lessons.events import EventName
from lessons.models import Lesson, LessonEvent, User

VERSION_PARAMETER = "_version"  # of the lesson, as the page shows it
VERSION_MAX_DIGITS = 10


def actor_of(request: HttpRequest) -> User:
    """Whoever is logged in: the admin lets nobody else in."""
    return cast(User, request.user)


def shown_version(request: HttpRequest) -> str:
    """What the page that sent this request says about the version it showed; "" where it says nothing."""
    return request.POST.get(VERSION_PARAMETER) or request.GET.get(VERSION_PARAMETER, "")


def expected_version(request: HttpRequest) -> int | None:
    """The same as a number; None where the page says nothing. Raises `VersionMismatch` for what is no version."""
    shown = shown_version(request)
    if shown and not (shown.isdecimal() and len(shown) <= VERSION_MAX_DIGITS):
        raise lifecycle.VersionMismatch
    return int(shown) if shown else None


def carry_out(
    model_admin: SchoolAdmin, request: HttpRequest, lesson: Lesson, name: str, **arguments: Any
) -> Refusal | None:
    """Make the transition and tell so; or return why it was refused, all of it having been rolled back.

    Not to be called inside a transaction. Raises `PermissionDenied`.
    """
    try:
        version = expected_version(request)
    except lifecycle.VersionMismatch as error:
        return explain(error, lesson_id=lesson.pk, person=actor_of(request))
    changed, refusal = carry_out_quietly(model_admin, request, lesson, name, version=version, **arguments)
    if changed:
        model_admin.message_user(request, _success(changed, cast(LessonEvent, changed.latest_event)), messages.SUCCESS)
    return refusal


def carry_out_quietly(
    model_admin: SchoolAdmin, request: HttpRequest, lesson: Lesson, name: str, *, version: int | None, **arguments: Any
) -> tuple[Lesson | None, Refusal | None]:
    """The same for one of many: the changed lesson, or why it was refused."""
    actor = actor_of(request)
    try:
        with transaction.atomic():
            changed = lifecycle.BY_TRANSITION[name](
                lesson_id=lesson.pk, actor=actor, expected_version=version, **arguments
            )
            model_admin.log_change(request, changed, _log_line(cast(LessonEvent, changed.latest_event)))
    except lifecycle.NotPermitted as error:
        raise PermissionDenied from error
    except REFUSED as error:
        return None, explain(error, lesson_id=lesson.pk, person=actor)
    return changed, None


def _success(lesson: Lesson, event: LessonEvent) -> str:
    if event.name == EventName.RESCHEDULED:
        return _("“%(lesson)s” has another time now; everybody is being told.") % {"lesson": lesson}
    facts = {"lesson": lesson, "status": lesson.get_status_display()}
    return _("“%(lesson)s” is %(status)s now; everybody is being told.") % facts


def _log_line(event: LessonEvent) -> str:
    """In codes: the log is read in every language."""
    line = f"{event.name}: {event.source} → {event.target}"
    return f"{line} ({event.reason})" if event.reason else line
