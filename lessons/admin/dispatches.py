"""Dispatches: how far people have been told about one event, down to every attempt."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lessons import lifecycle, monitoring, progress
from lessons.admin import markup, words
from lessons.admin.carry_out import actor_of
from lessons.admin.filters import EventFilter
from lessons.admin.redeliveries import RedeliverAdmin, ToRedeliver
from lessons.admin.told import told
from lessons.models import ChordRun, Delivery, DeliveryState, Dispatch, DispatchState

RUNS_SHOWN = 20


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(DispatchState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(progress.is_in(chosen)) if chosen in DispatchState.values else queryset


def _runs(dispatch: Dispatch) -> QuerySet[ChordRun]:
    ids = progress.runs_of([dispatch])[dispatch.pk]
    return ChordRun.objects.filter(pk__in=ids).order_by("-started_at")[:RUNS_SHOWN]


@admin.register(Dispatch)
class DispatchAdmin(RedeliverAdmin):
    change_form_template = "admin/lessons/dispatch/change_form.html"
    list_display = ("event_id", "event_name", "lesson_link", "state_chip", "total", "sent", "dead", "skipped")
    list_display_links = ("event_id", "event_name")
    list_select_related = ("event__actor", "lesson")
    list_filter = (StateFilter, EventFilter.on("event__name"))
    search_fields = ("lesson__title",)
    ordering = ("-event",)
    fields = ("lesson_link", "event_link", "by_state", "by_channel", "deliveries")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With who was told, over which channel and when. The address' parameters choose among them."""
        if dispatch := kwargs.get("obj"):
            context |= self._told(request, dispatch)
        return super().render_change_form(request, context, *args, **kwargs)

    def _told(self, request: HttpRequest, dispatch: Dispatch) -> dict[str, Any]:
        state, search = request.GET.get("state", ""), request.GET.get("q", "").replace("\0", "")
        state = state if state in DeliveryState.values else ""
        page = monitoring.deliveries_of(dispatch, state=state, search=search, after=request.GET.get("after", ""))
        chosen = {name: value for name, value in (("state", state), ("q", search)) if value}
        return {
            "title": _("Who was told"),
            "subtitle": None,
            "dispatch": dispatch,
            "event": dispatch.event,
            "event_label": words.event(dispatch.event.name),
            "step": markup.step(dispatch.event),
            "state_chip": self.state_chip(dispatch),
            "progress": progress.states_of([dispatch])[dispatch.pk],
            "told": [told(delivery) for delivery in page.deliveries],
            "runs": _runs(dispatch),
            "states": [(value, label, urlencode({**chosen, "state": value})) for value, label in DeliveryState.choices],
            "everybody": urlencode({**chosen, "state": ""}),
            "chosen_state": state,
            "search": search,
            "next_page": urlencode({**chosen, "after": page.next_page}) if page.next_page else "",
        }

    def to_redeliver(self, request: HttpRequest, row: Dispatch) -> ToRedeliver:
        """All that is dead of this event."""
        facts = {"lesson": row.lesson, "event": words.event(row.event.name)}
        return ToRedeliver(
            what=_("of “%(lesson)s”, %(event)s,") % facts,
            dead=monitoring.capped(Delivery.objects.filter(dispatch=row, state=DeliveryState.DEAD)),
            carry_out=lambda reason: len(
                lifecycle.redeliver_dispatch(dispatch_id=row.pk, actor=actor_of(request), reason=reason)
            ),
            back=reverse("admin:lessons_dispatch_change", args=[row.pk]),
        )

    @admin.display(description=gettext_lazy("event"))
    def event_name(self, dispatch: Dispatch) -> SafeString:
        return markup.chip(dispatch.event.name, words.event(dispatch.event.name))

    @admin.display(description=gettext_lazy("event"))
    def event_link(self, dispatch: Dispatch) -> SafeString:
        return markup.link(dispatch.event, self.event_name(dispatch))

    @admin.display(description=gettext_lazy("lesson"))
    def lesson_link(self, dispatch: Dispatch) -> SafeString:
        return markup.link(dispatch.lesson)

    @admin.display(description=gettext_lazy("state"))
    def state_chip(self, dispatch: Dispatch) -> SafeString:
        return markup.chip(dispatch.state, dispatch.state.label)

    @admin.display(description=gettext_lazy("by state"))
    def by_state(self, dispatch: Dispatch) -> SafeString:
        counted = progress.progress_of([dispatch])[dispatch.pk].by_state
        return markup.figures({DeliveryState(state).label: number for state, number in counted.items()})

    @admin.display(description=gettext_lazy("by channel"))
    def by_channel(self, dispatch: Dispatch) -> SafeString:
        counted = progress.progress_of([dispatch])[dispatch.pk].by_channel
        return markup.figures({words.channel(name): number for name, number in counted.items()})

    @admin.display(description=gettext_lazy("deliveries"))
    def deliveries(self, dispatch: Dispatch) -> SafeString:
        return markup.list_link(Delivery, _("All deliveries of this dispatch"), dispatch__exact=dispatch.pk)
