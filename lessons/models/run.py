"""One Celery chord, and the channel that it serves."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class RunState(models.TextChoices):
    RUNNING = "running", _("running")
    CLOSED = "closed", _("closed")
    LOST = "lost", _("lost")


class ChordRun(models.Model):
    """Deliveries of one channel, sent off together. Its id is the root id of its tasks: Flower groups by it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(_("channel"), max_length=20)
    state = models.CharField(_("state"), max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    size = models.PositiveIntegerField(_("header tasks"))
    delivery_count = models.PositiveIntegerField(_("deliveries"))
    task_ids = ArrayField(models.UUIDField(), verbose_name=_("task ids"), default=list)
    started_at = models.DateTimeField(_("started at"), db_default=Now())
    closed_at = models.DateTimeField(_("closed at"), null=True)
    report = models.JSONField(_("report"), default=dict)

    class Meta:
        verbose_name = _("chord run")
        verbose_name_plural = _("chord runs")
        constraints = [models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="run_state_known")]
        indexes = [
            models.Index(
                fields=["started_at"], condition=models.Q(closed_at__isnull=True), name="run_open"
            ),  # the reaper's
            models.Index(fields=["-started_at"], name="run_latest"),  # the admin's list of runs
            # The monitor: what was lost lately, whatever else has run.
            models.Index(fields=["-started_at"], condition=models.Q(state="lost"), name="run_lost"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.id}"


class Channel(models.Model):
    """A channel's window (most deliveries in flight) and circuit (left alone until). The claim locks it briefly."""

    name = models.CharField(_("name"), max_length=20, primary_key=True)
    window = models.PositiveIntegerField(_("window"))
    open_until = models.DateTimeField(_("circuit open until"), null=True, blank=True)
    # Whose messages failed in a row, the latest last: several people's mean that the provider is down.
    failing_recipients = ArrayField(models.BigIntegerField(), default=list, db_default=[], blank=True, editable=False)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return self.name
