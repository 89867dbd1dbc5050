"""What a domain error is to a client: the one place where errors of the domain become errors of the API."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from lessons import lifecycle, selectors
from lessons.models import Lesson, SlotConflict, User
from lessons.models.lesson import ConditionUnmet

RETRY_AFTER_SECONDS = 2


class Problem(exceptions.APIException):
    """An APIException with members of its own beside the standard ones."""

    def __init__(
        self, status: int, code: str, detail: str | Promise, *, attr: str | None = None, **members: Any
    ) -> None:
        super().__init__(str(detail), code)
        self.status_code, self.attr, self.members = status, attr, members


class ServiceUnavailable(exceptions.APIException):
    status_code = 503
    default_code = "service_unavailable"
    # It may have gone after the commit.
    default_detail = _(
        "The database cannot be reached; what you asked for was done in full or not at all. Try again in a moment."
    )
    wait = RETRY_AFTER_SECONDS  # becomes the header Retry-After


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
    lifecycle.NotDead: lambda _error: Problem(
        409, "not_dead", _("This delivery is not dead: it was sent, skipped, or is still under way.")
    ),
    lifecycle.NothingToRedeliver: lambda _error: Problem(
        409, "nothing_to_redeliver", _("None of this dispatch's deliveries is dead.")
    ),
    OperationalError: lambda _error: ServiceUnavailable(),
    InterfaceError: lambda _error: ServiceUnavailable(),
    SuspiciousOperation: lambda _error: exceptions.ParseError(),  # Django's, of more than 1,000 parameters
}

# What is no fault of the request, but of how the lesson is now.
NOT_NOW = (
    lifecycle.TransitionRefused,
    lifecycle.NotEditable,
    lifecycle.ConcurrentChange,
    ConditionUnmet,
    SlotConflict,
)


def as_api_error(error: Exception) -> exceptions.APIException | None:
    """What the error is to a client, whatever was asked for; None where nobody foresaw it."""
    if type(error) is DatabaseError:  # a connection that broke in mid-answer; the subclasses are other things
        return ServiceUnavailable()
    return next((convert(error) for known, convert in KNOWN.items() if isinstance(error, known)), None)


def not_now(error: Exception, lesson: Lesson, person: User) -> Problem:
    """One of `NOT_NOW`, with how the lesson is and what `person` may do with it, so that they can go on from there."""
    members: dict[str, Any] = {
        "current_status": lesson.status,
        "available_transitions": selectors.available_transitions(lesson, person),
    }
    status = {"status": lesson.get_status_display()}
    code: str
    detail: str | Promise
    match error:
        case lifecycle.TransitionRefused():
            code, detail = "transition_not_allowed", _("This is not possible: the lesson is %(status)s.") % status
        case lifecycle.NotEditable():
            members["attr"] = error.field.removesuffix("_id")
            code = "not_editable"
            detail = _("%(attr)s cannot be edited: the lesson is %(status)s.") % (status | members)
        case ConditionUnmet():
            members["condition"] = error.code
            code, detail = "condition_unmet", error.reason
        case SlotConflict():
            members["conflicts"] = _conflicts(error, person)
            code, detail = "slot_conflict", _("Somebody is already booked at this time.")
        case _:
            code, detail = "concurrent_change", _("Somebody else is changing this lesson right now; try again.")
    return Problem(409, code, detail, **members)


def _conflicts(error: SlotConflict, person: User) -> list[dict[str, Any]]:
    """The clashes, with people's names; of lessons that the person may not see, only that there is one."""
    people = User.objects.in_bulk({clash.user_id for clash in error.clashes})
    lessons = selectors.visible_lessons(person).in_bulk({clash.lesson_id for clash in error.clashes})
    return [
        {
            "user": {name: getattr(people[clash.user_id], name) for name in ("id", "username", "full_name")},
            "lesson": clash.lesson_id if clash.lesson_id in lessons else None,
            "start_time": clash.start_time if clash.lesson_id in lessons else None,
            "end_time": clash.end_time if clash.lesson_id in lessons else None,
        }
        for clash in error.clashes
    ]
