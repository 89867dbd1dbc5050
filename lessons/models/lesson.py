"""The lesson and its life: five statuses, five transitions, and what each of these refuses."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, NamedTuple, NoReturn

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from lessons.models.event import LessonEvent
from lessons.models.recorded import RecordsChanges, UnrecordedChange
from lessons.models.status import StatusField
from lessons.models.title_words import TITLE_WORDS
from lessons.models.user import User
from lessons.policies import Relation, Right, has_right

DESCRIPTION_MAX_LENGTH = 10_000


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETED = "completed", _("completed")
    CANCELLED = "cancelled", _("cancelled")


FINISHED = frozenset({Status.COMPLETED, Status.CANCELLED})


class ConditionUnmet(Exception):
    """A transition is possible from this status, but not as things are. `code` is for machines, `reason` for people."""

    def __init__(self, code: str, reason: str | Promise) -> None:
        super().__init__(str(reason))
        self.code, self.reason = code, reason


class Obstacle(NamedTuple):
    """What keeps a transition from being made now; `code` is for machines, `reason` for people."""

    code: str
    reason: str | Promise


NOT_FROM_HERE = "transition_not_allowed"


def condition(code: str, reason: Promise) -> Callable[[Callable[["Lesson"], bool]], Callable[[Any], bool]]:
    """Gives a condition of a transition the code and the words in which its refusal is told."""

    def named(check: Callable[["Lesson"], bool]) -> Callable[[Any], bool]:
        check.code, check.reason = code, reason  # type: ignore[attr-defined]
        return check

    return named


@condition("no_students", _("The lesson has no students; add at least one."))
def has_students(lesson: "Lesson") -> bool:
    return bool(lesson.student_ids)


@condition("starts_in_past", _("The lesson's start_time is not in the future; choose a later one."))
def starts_in_future(lesson: "Lesson") -> bool:
    return lesson.start_time > lesson.now


@condition("too_early", _("It is too early to start this lesson."))
def start_window_is_open(lesson: "Lesson") -> bool:
    window = settings.LESSON_START_WINDOW_MINUTES
    return not window or lesson.now >= lesson.start_time - timedelta(minutes=window)


def permitted(right: Right) -> Callable[[Any, Any], bool]:
    """The table of rights as the permission of a transition. Anonymous users have no role and no right."""

    def check(lesson: "Lesson", user: Any) -> bool:
        return user.is_authenticated and has_right(user, right, lesson.relation_of(user))

    return check


@cache
def _how_it_is(status: str, _language: str | None) -> str:
    return str(_("The lesson is %(status)s.") % {"status": Status(status).label})


class LessonQuerySet(models.QuerySet["Lesson"]):
    """Bulk writes would change lessons without events; they are refused."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnrecordedChange("Lessons change one by one, by their transitions and save(), so that somebody is told.")

    update = bulk_update = bulk_create = _refuse


class Lesson(RecordsChanges):
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(
        _("description"), blank=True, validators=[MaxLengthValidator(DESCRIPTION_MAX_LENGTH)]
    )
    teacher = models.ForeignKey(
        User, models.PROTECT, related_name="lessons_taught", db_index=False, verbose_name=_("teacher")
    )
    students = models.ManyToManyField(User, related_name="lessons_attended", verbose_name=_("students"), blank=True)
    start_time = models.DateTimeField(_("start"))
    end_time = models.DateTimeField(_("end"))
    status = StatusField(_("status"), max_length=20, choices=Status.choices, default=Status.DRAFT, protected=True)
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    latest_event: LessonEvent | None = None

    objects: ClassVar[models.Manager["Lesson"]] = models.Manager.from_queryset(LessonQuerySet)()

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        base_manager_name = "objects"  # teacher.lessons_taught.add() is a bulk write, too
        constraints = [
            models.CheckConstraint(condition=Q(end_time__gt=F("start_time")), name="lesson_ends_after_start"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="lesson_status_known"),
        ]
        indexes = [
            models.Index(fields=["-start_time", "-id"], name="lesson_latest"),  # the lists' default order
            models.Index(fields=["-created_at", "-id"], name="lesson_newest"),  # and the other one
            # The lists by status, and the search for whom to remind.
            models.Index(fields=["status", "-start_time", "-id"], name="lesson_by_status"),
            # The search for lessons that should have ended.
            models.Index(fields=["end_time"], condition=Q(status="in_progress"), name="lesson_under_way"),
            # The lists of a teacher's lessons, and what points at the teacher.
            models.Index(fields=["teacher", "-start_time", "-id"], name="lesson_of_teacher"),
            GinIndex(TITLE_WORDS, name="lesson_titles"),  # the search
        ]

    def __str__(self) -> str:
        return self.title

    def relation_of(self, person: Any) -> Relation:
        if person.pk == self.teacher_id:
            return Relation.TEACHES
        return Relation.ATTENDS if person.pk in self.student_ids else Relation.NONE

    def obstacle_to(self, name: str) -> Obstacle | None:
        """What keeps the transition `name` from being made now, whoever asks; None where nothing does."""
        meta = getattr(self, name)._django_fsm
        if not meta.has_transition(self.status):
            return Obstacle(NOT_FROM_HERE, _how_it_is(self.status, get_language()))
        unmet = (check for check in meta.get_transition(self.status).conditions if not check(self))
        return next((Obstacle(check.code, check.reason) for check in unmet), None)

    # --- Transitions: no I/O, no clock but self.now; `actor` and `reason` are the receiver's --------

    @transition(
        "status",
        Status.DRAFT,
        Status.SCHEDULED,
        conditions=[has_students, starts_in_future],
        permission=permitted(Right.SCHEDULE),
        custom={"label": _("Schedule"), "help_text": _("Books everybody and tells them.")},
    )
    def schedule(self, *, actor: User | None = None, reason: str = "") -> None:
        """Everybody is booked, and the lesson is on."""

    @transition(
        "status",
        Status.SCHEDULED,
        Status.SCHEDULED,
        permission=permitted(Right.RESCHEDULE),
        custom={"label": _("Reschedule"), "help_text": _("To other times; everybody is told both.")},
    )
    def reschedule(
        self, *, start_time: datetime, end_time: datetime, actor: User | None = None, reason: str = ""
    ) -> None:
        """Move the lesson to another time."""
        if (start_time, end_time) == (self.start_time, self.end_time):
            raise ConditionUnmet("nothing_changes", _("The lesson is at this time already; choose another one."))
        if start_time <= self.now:
            raise ConditionUnmet(starts_in_future.code, starts_in_future.reason)  # type: ignore[attr-defined]
        self.start_time, self.end_time = start_time, end_time

    @transition(
        "status",
        Status.SCHEDULED,
        Status.IN_PROGRESS,
        conditions=[start_window_is_open],
        permission=permitted(Right.START),
        custom={"label": _("Start"), "help_text": _("The lesson begins.")},
    )
    def start(self, *, actor: User | None = None, reason: str = "") -> None:
        """The lesson begins."""

    @transition(
        "status",
        Status.IN_PROGRESS,
        Status.COMPLETED,
        permission=permitted(Right.COMPLETE),
        custom={"label": _("Complete"), "help_text": _("The lesson has been held.")},
    )
    def complete(self, *, actor: User | None = None, reason: str = "") -> None:
        """The lesson has been held."""

    @transition(
        "status",
        [Status.DRAFT, Status.SCHEDULED, Status.IN_PROGRESS],
        Status.CANCELLED,
        permission=permitted(Right.CANCEL),
        custom={"label": _("Cancel"), "help_text": _("Frees everybody and tells them why.")},
    )
    def cancel(self, *, actor: User | None = None, reason: str = "") -> None:
        """The lesson will not be held; everybody is free again."""


TRANSITIONS = ("schedule", "reschedule", "start", "complete", "cancel")  # in the order of a lesson's life
