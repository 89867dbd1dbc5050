"""Dispatches: how far people have been told about one event."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lessons import selectors
from lessons.admin import markup
from lessons.admin.base import SchoolAdmin
from lessons.models import Delivery, DeliveryState, Dispatch, DispatchState

SETTLED = Q(settled_at__isnull=False)
# As `Dispatch.state` has it, for the database.
IN_STATE: dict[str, Q] = {
    DispatchState.PENDING: Q(settled_at__isnull=True, expanded_at__isnull=True),
    DispatchState.DELIVERING: Q(settled_at__isnull=True, expanded_at__isnull=False),
    DispatchState.DELIVERED: SETTLED & Q(sent__gt=0, dead=0),
    DispatchState.PARTLY_DELIVERED: SETTLED & Q(sent__gt=0, dead__gt=0),
    DispatchState.FAILED: SETTLED & Q(sent=0, dead__gt=0),
    DispatchState.SKIPPED: SETTLED & Q(sent=0, dead=0),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(DispatchState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(IN_STATE.get(self.value() or "", Q()))


@admin.register(Dispatch)
class DispatchAdmin(SchoolAdmin):
    list_display = ("event_id", "event_name", "lesson_link", "state_chip", "total", "sent", "dead", "skipped")
    list_display_links = ("event_id", "event_name")
    list_select_related = ("event", "lesson")
    list_filter = (StateFilter, "event__name")
    search_fields = ("lesson__title",)
    ordering = ("-event",)
    fields = (
        "lesson_link",
        "event_link",
        "state_chip",
        "by_state",
        "by_channel",
        "deliveries",
        "channels",
        "created_at",
        "expanded_at",
        "settled_at",
    )

    @admin.display(description=_("event"))
    def event_name(self, dispatch: Dispatch) -> SafeString:
        return markup.chip(dispatch.event.name, dispatch.event.get_name_display())

    @admin.display(description=_("event"))
    def event_link(self, dispatch: Dispatch) -> SafeString:
        return markup.link(dispatch.event, self.event_name(dispatch))

    @admin.display(description=_("lesson"))
    def lesson_link(self, dispatch: Dispatch) -> SafeString:
        return markup.link(dispatch.lesson)

    @admin.display(description=_("state"))
    def state_chip(self, dispatch: Dispatch) -> SafeString:
        return markup.chip(dispatch.state, dispatch.state.label)

    @admin.display(description=_("by state"))
    def by_state(self, dispatch: Dispatch) -> SafeString:
        counted = selectors.delivery_progress(dispatch)["by_state"]
        return markup.figures({DeliveryState(state).label: number for state, number in counted.items()})

    @admin.display(description=_("by channel"))
    def by_channel(self, dispatch: Dispatch) -> SafeString:
        return markup.figures(selectors.delivery_progress(dispatch)["by_channel"])

    @admin.display(description=_("deliveries"))
    def deliveries(self, dispatch: Dispatch) -> SafeString:
        return markup.list_link(Delivery, _("All deliveries of this dispatch"), dispatch__exact=dispatch.pk)
