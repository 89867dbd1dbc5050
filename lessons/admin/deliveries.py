"""Deliveries: one message to one person over one channel, with its tries."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lessons import lifecycle
from lessons.admin import markup, words
from lessons.admin.base import ReadOnlyInline
from lessons.admin.carry_out import actor_of
from lessons.admin.filters import ChannelFilter, FiltersByPerson, PersonFilter
from lessons.admin.redeliveries import RedeliverAdmin, ToRedeliver
from lessons.models import Delivery, DeliveryAttempt, DeliveryState, Redelivery
from lessons.monitoring import CappedCount

ERROR_SHOWN_CHARACTERS = 80


class AttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = ("number", "outcome_chip", "started_at", "ended_at", "error", "run_link", "task_id")
    readonly_fields = ("outcome_chip", "run_link")
    ordering = ("number",)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome_chip(self, attempt: DeliveryAttempt) -> SafeString:
        return markup.chip(attempt.outcome, attempt.get_outcome_display())

    @admin.display(description=gettext_lazy("run"))
    def run_link(self, attempt: DeliveryAttempt) -> str:
        return markup.link(attempt.run, str(attempt.run_id)[:8]) if attempt.run else markup.NOTHING

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("run")


class RedeliveryInline(ReadOnlyInline):
    model = Redelivery
    fields = ("created_at", "actor", "reason")
    ordering = ("id",)


@admin.register(Delivery)
class DeliveryAdmin(FiltersByPerson, RedeliverAdmin):
    change_form_template = "admin/lessons/delivery/change_form.html"
    list_display = (
        "id",
        "state_chip",
        "channel",
        "recipient",
        "lesson_link",
        "event_name",
        "tries",
        "short_error",
        "next_try",
    )
    list_display_links = ("id", "state_chip")
    list_select_related = ("recipient", "lesson", "dispatch__event", "run")
    list_filter = ("state", ChannelFilter, ("recipient", PersonFilter))
    search_fields = ("recipient__full_name", "recipient__username", "lesson__title")
    ordering = ("-id",)
    inlines = (AttemptInline, RedeliveryInline)
    fieldsets = (
        (None, {"fields": ("state_chip", "channel", "recipient_link", "lesson_link", "dispatch_link")}),
        (gettext_lazy("Tries"), {"fields": ("tries", "next_try", "last_error", "sent_at", "provider_id")}),
        (
            gettext_lazy("In flight"),
            {"fields": ("run_link", "batch", "taken_at", "lease_until", "travels_alone", "in_order")},
        ),
        (gettext_lazy("Record"), {"fields": ("created_at", "idempotency_key")}),
    )

    def to_redeliver(self, request: HttpRequest, row: Delivery) -> ToRedeliver:
        """One dead letter."""
        facts = {"channel": words.channel(row.channel), "person": row.recipient, "lesson": row.lesson}
        return ToRedeliver(
            what=_("to %(person)s over %(channel)s about “%(lesson)s”") % facts,
            dead=CappedCount(int(row.state == DeliveryState.DEAD)),
            carry_out=lambda reason: len(
                lifecycle.redeliver_delivery(delivery_id=row.pk, actor=actor_of(request), reason=reason)
            ),
            back=reverse("admin:lessons_delivery_change", args=[row.pk]),
        )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj and obj.redeliveries.exists() else self.inlines[:1]

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, delivery: Delivery) -> SafeString:
        return markup.chip(delivery.state, delivery.get_state_display())

    @admin.display(description=gettext_lazy("recipient"))
    def recipient_link(self, delivery: Delivery) -> SafeString:
        return markup.link(delivery.recipient)

    @admin.display(description=gettext_lazy("lesson"))
    def lesson_link(self, delivery: Delivery) -> SafeString:
        return markup.link(delivery.lesson)

    @admin.display(description=gettext_lazy("event"))
    def event_name(self, delivery: Delivery) -> SafeString:
        return markup.chip(delivery.dispatch.event.name, words.event(delivery.dispatch.event.name))

    @admin.display(description=gettext_lazy("dispatch"))
    def dispatch_link(self, delivery: Delivery) -> SafeString:
        return markup.link(delivery.dispatch, self.event_name(delivery))

    @admin.display(description=gettext_lazy("run"))
    def run_link(self, delivery: Delivery) -> str:
        return markup.link(delivery.run) if delivery.run else markup.NOTHING

    @admin.display(description=gettext_lazy("attempts"))
    def tries(self, delivery: Delivery) -> str:
        return f"{delivery.attempt_count}/{delivery.attempt_limit}"

    @admin.display(description=gettext_lazy("last error"))
    def short_error(self, delivery: Delivery) -> str:
        return Truncator(words.reason(delivery.last_error)).chars(ERROR_SHOWN_CHARACTERS)

    @admin.display(description=gettext_lazy("next attempt at"), ordering="next_attempt_at")
    def next_try(self, delivery: Delivery) -> str:
        """Only where there will be one."""
        is_due = delivery.state == DeliveryState.PENDING
        return markup.moment(delivery.next_attempt_at) if is_due else markup.NOTHING
