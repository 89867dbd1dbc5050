"""One message to one person over one channel, its tries, and who asked for more of them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lessons.models.dispatch import Dispatch
from lessons.models.run import ChordRun
from lessons.models.user import User


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("pending")
    LEASED = "leased", _("leased")
    SENT = "sent", _("sent")
    DEAD = "dead", _("dead")
    SKIPPED = "skipped", _("skipped")


class AttemptOutcome(models.TextChoices):
    SENT = "sent", _("sent")
    TRANSIENT = "transient", _("failed for now")
    PERMANENT = "permanent", _("failed for good")
    LOST = "lost", _("lost")


def idempotency_key_of(delivery_id: int) -> str:
    """The same for every try, so that a provider that honours it sends once."""
    return f"delivery-{delivery_id}"


# id > 0, as all are: only who says so, too, is served by the index of what is unfinished. After a quiet night the
# planner takes it to be empty, and so for the cheapest way to whatever is pending, through all that waits by then.
UNFINISHED = Q(state__in=[DeliveryState.PENDING, DeliveryState.LEASED], id__gt=0)


class Delivery(models.Model):
    """pending → leased → sent | pending (retry) | dead; and skipped. Changed by `lessons.notifications` alone.

    `taken_at` and `attempt_count` are the lease's token: a second copy of a task's message finds the row taken.
    """

    id = models.BigAutoField(primary_key=True)
    dispatch = models.ForeignKey(
        Dispatch, models.PROTECT, related_name="deliveries", db_index=False, db_column="event_id"
    )
    # The dispatch's. No constraint of its own: what the dispatch refers to is there, and each is a check per message.
    lesson = models.ForeignKey("lessons.Lesson", models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    recipient = models.ForeignKey(
        User, models.PROTECT, related_name="deliveries", db_index=False, verbose_name=_("recipient")
    )
    channel = models.CharField(_("channel"), max_length=20)
    state = models.CharField(
        _("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING, db_default="pending"
    )
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    attempt_limit = models.PositiveSmallIntegerField(_("attempt limit"))
    next_attempt_at = models.DateTimeField(_("next attempt at"), db_default=Now())
    run = models.ForeignKey(
        ChordRun, models.DO_NOTHING, related_name="deliveries", null=True, db_index=False, db_constraint=False
    )
    batch = models.PositiveSmallIntegerField(_("batch"), null=True)
    taken_at = models.DateTimeField(_("taken at"), null=True)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    last_error = models.TextField(_("last error"), blank=True, default="", db_default="")
    provider_id = models.CharField(_("provider's id"), max_length=100, blank=True, default="", db_default="")
    # A message whose last try was lost may have killed its worker: it travels without neighbours.
    travels_alone = models.BooleanField(_("travels alone"), default=False, db_default=False)
    # A redelivery comes when somebody asks for it, not in the order of the lesson's events.
    in_order = models.BooleanField(_("in order"), default=True, db_default=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "recipient", "channel"], name="delivery_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(attempt_count__lte=models.F("attempt_limit")), name="delivery_attempts_limited"
            ),
        ]
        # No index on lease_until: it would forbid the heap-only update of every take.
        indexes = [
            # The claim: what is due, per channel, oldest first.
            models.Index(
                fields=["channel", "next_attempt_at", "id"], condition=Q(state="pending"), name="delivery_due"
            ),
            # The claim: how much of the window is taken. Close: whether a run, which is one channel's, still has
            # something in flight. The reaper: expired leases.
            models.Index(fields=["channel", "run"], condition=Q(state="leased"), name="delivery_leased"),
            # Claim, record and settle: what is unfinished before or after a message.
            models.Index(
                fields=["lesson", "recipient", "channel", "dispatch"], condition=UNFINISHED, name="delivery_open"
            ),
            # The redelivery of a whole channel: what is dead on it.
            models.Index(fields=["channel", "dispatch"], condition=Q(state="dead"), name="delivery_dead"),
            # The API: what was not sent, latest first.
            models.Index(fields=["state", "id"], condition=Q(state__in=["dead", "skipped"]), name="delivery_unsent"),
            # The API: what somebody was told, latest first.
            models.Index(fields=["recipient", "id"], name="delivery_of_recipient"),
        ]

    @property
    def idempotency_key(self) -> str:
        return idempotency_key_of(self.pk)

    def __str__(self) -> str:
        return f"{self.channel} to {self.recipient_id}: {self.state}"


class DeliveryAttempt(models.Model):
    """One try; the successful one is kept too."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=AttemptOutcome.choices)
    error = models.TextField(_("error"), blank=True, default="", db_default="")
    run = models.ForeignKey(ChordRun, models.DO_NOTHING, related_name="attempts", null=True, db_constraint=False)
    task_id = models.UUIDField(_("task id"), null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_unique")]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number} {self.outcome}"


class Redelivery(models.Model):
    """Somebody asked for another try of a dead delivery."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="redeliveries")
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    reason = models.TextField(_("reason"), blank=True)
    created_at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("redelivery")
        verbose_name_plural = _("redeliveries")

    def __str__(self) -> str:
        return f"{self.delivery_id} by {self.actor_id}"
