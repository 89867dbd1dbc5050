"""The duty to tell people about one event: the outbox row."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lessons.models.event import LessonEvent


class DispatchState(models.TextChoices):
    PENDING = "pending", _("pending")
    DELIVERING = "delivering", _("delivering")
    DELIVERED = "delivered", _("delivered")
    PARTLY_DELIVERED = "partly_delivered", _("partly delivered")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("skipped")


class Dispatch(models.Model):
    """Written with its event, expanded into deliveries by the relay, settled when none of these is unfinished.

    The counts are those of the moment of settling; until then one asks the deliveries. They stay when the deliveries
    have served their time and are pruned.
    """

    event = models.OneToOneField(LessonEvent, models.PROTECT, primary_key=True, related_name="dispatch")
    lesson = models.ForeignKey("lessons.Lesson", models.PROTECT, related_name="dispatches", db_index=False)
    channels = ArrayField(models.CharField(max_length=20), verbose_name=_("channels"), null=True)  # null: all
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    expanded_at = models.DateTimeField(_("expanded at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    total = models.PositiveIntegerField(_("total"), null=True)
    sent = models.PositiveIntegerField(_("sent"), null=True)
    dead = models.PositiveIntegerField(_("dead"), null=True)
    skipped = models.PositiveIntegerField(_("skipped"), null=True)
    pruned_at = models.DateTimeField(_("deliveries removed at"), null=True)

    class Meta:
        verbose_name = _("dispatch")
        verbose_name_plural = _("dispatches")
        indexes = [
            # The relay's search for what is to be expanded, oldest first; and the claim's for an overtaken predecessor.
            models.Index(fields=["event"], condition=models.Q(expanded_at__isnull=True), name="dispatch_unexpanded"),
            models.Index(
                fields=["lesson", "event"], condition=models.Q(expanded_at__isnull=True), name="dispatch_to_expand"
            ),
            models.Index(fields=["lesson", "-event"], name="dispatch_of_lesson"),  # the API's list by lesson
            # Prune: the oldest that still have deliveries. By a column that never changes: settling stays heap-only.
            models.Index(
                fields=["created_at", "event"], condition=models.Q(pruned_at__isnull=True), name="dispatch_to_prune"
            ),
        ]

    @property
    def state(self) -> DispatchState:
        if self.settled_at is None:
            return DispatchState.DELIVERING if self.expanded_at else DispatchState.PENDING
        if self.sent:
            return DispatchState.PARTLY_DELIVERED if self.dead else DispatchState.DELIVERED
        return DispatchState.FAILED if self.dead else DispatchState.SKIPPED

    def __str__(self) -> str:
        return f"{self.event_id} {self.state}"
