"""What happened to a lesson: the audit log. Rows are appended, never changed and never deleted."""

from typing import Any, ClassVar, NoReturn

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lessons.events import EventName
from lessons.models.user import User

REASON_MAX_LENGTH = 2000


class HistoryIsImmutable(TypeError):
    """Events are a record of what happened: they are neither changed nor deleted."""


class LessonEventQuerySet(models.QuerySet["LessonEvent"]):
    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryIsImmutable(HistoryIsImmutable.__doc__)

    update = delete = bulk_update = _refuse


class LessonEvent(models.Model):
    lesson = models.ForeignKey("lessons.Lesson", models.PROTECT, related_name="events", db_index=False)
    # The lesson's version that the event made; null for reminder and overdue, which change no lesson.
    seq = models.PositiveIntegerField(_("number"), null=True)
    name = models.CharField(_("event"), max_length=20, choices=[(name.value, name.value) for name in EventName])
    source = models.CharField(_("from"), max_length=20, blank=True)
    target = models.CharField(_("to"), max_length=20, blank=True)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False, verbose_name=_("by"))
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    recipients = ArrayField(models.BigIntegerField(), verbose_name=_("recipients"))
    occasion = models.CharField(_("occasion"), max_length=10, blank=True)
    start_time = models.DateTimeField(_("start of the lesson"))
    snapshot = models.JSONField(_("snapshot"))
    created_at = models.DateTimeField(_("at"), db_default=Now())

    objects: ClassVar[models.Manager["LessonEvent"]] = models.Manager.from_queryset(LessonEventQuerySet)()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        base_manager_name = "objects"  # lesson.events.add() is a bulk write, too
        constraints = [
            models.UniqueConstraint(fields=["lesson", "seq"], name="event_seq_unique"),
            # A reminder is written once per lesson, occasion and start time, however often the scan runs.
            models.UniqueConstraint(
                fields=["lesson", "name", "occasion", "start_time"],
                condition=models.Q(seq__isnull=True),
                name="event_occasion_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["lesson", "id"], name="event_history"),  # the history of a lesson, oldest first
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise HistoryIsImmutable(HistoryIsImmutable.__doc__)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryIsImmutable(HistoryIsImmutable.__doc__)

    def __str__(self) -> str:
        return f"{self.lesson_id}.{self.seq or self.occasion} {self.name}"
