"""Filters of the lists: a person by autocompletion, and when a lesson is."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lessons import planning
from lessons.admin import words
from lessons.admin.base import ModelAdmin
from lessons.admin.widgets import PersonSelect
from lessons.models import User
from lessons.notifications.channels import REGISTRY


class FiltersByPerson(ModelAdmin):
    """A list with a `PersonFilter`: it needs the scripts of the autocompletion."""

    @property
    def media(self) -> forms.Media:
        return super().media + PersonSelect(self.opts.pk, self.admin_site).media  # the same for every field


class PersonFilter(admin.RelatedFieldListFilter):
    """By a foreign key to a person, typed in with autocompletion: a list of everybody would not end."""

    template = "admin/lessons/person_filter.html"

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        parameter = f"{field_path}__{field.target_field.name}__exact"
        if params.get(parameter) == [""]:  # the form was sent without anybody in it
            del params[parameter]
        super().__init__(field, request, params, model, model_admin, field_path)

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        """One "choice": the form, with the list's other filters in hidden inputs."""
        others = changelist.get_query_string(remove=[self.lookup_kwarg])
        yield {
            "select": self._select(changelist),
            "hidden": list(QueryDict(others.removeprefix("?")).items()),
            "is_set": bool(self.used_parameters),
            "without": others,
        }

    def _select(self, changelist: ChangeList) -> str:
        widget = PersonSelect(self.field, changelist.model_admin.admin_site)
        people = forms.ModelChoiceField(User.objects.all(), widget=widget, required=False)
        return str(people.widget.render(self.lookup_kwarg, self.lookup_val, {"aria-label": str(self.title)}))


class EventFilter(admin.SimpleListFilter):
    """By an event's name, wherever the row keeps it."""

    title = _("event")
    parameter_name = "event"
    field: ClassVar[str]

    @classmethod
    def on(cls, field: str) -> type["EventFilter"]:
        return type("EventFilter", (cls,), {"field": field})

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, label in words.EVENTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.field: self.value()}) if self.value() in words.EVENTS else queryset


class ChannelFilter(admin.SimpleListFilter):
    """By the channels that there are; all the rows' own are not looked for, nor is a name that is none."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words.channel(name)) for name in REGISTRY]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(channel=self.value()) if self.value() in REGISTRY else queryset


def _days(first: int, last: int) -> Callable[[], Q]:
    """Days counted from today by the reader's clock."""
    return lambda: planning.between_days(
        timezone.localdate() + timedelta(days=first), timezone.localdate() + timedelta(days=last)
    )


class WhenFilter(admin.SimpleListFilter):
    """Days ahead, unlike Django's filter of dates, which looks back."""

    title = _("start")
    parameter_name = "when"
    CONDITIONS: dict[str, tuple[Any, Callable[[], Q]]] = {
        "today": (_("Today"), _days(0, 0)),
        "tomorrow": (_("Tomorrow"), _days(1, 1)),
        "week": (_("The next 7 days"), _days(0, 6)),
        "upcoming": (_("Upcoming"), lambda: Q(start_time__gt=timezone.now())),
        "past": (_("Past"), lambda: Q(start_time__lte=timezone.now())),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, (label, _condition) in self.CONDITIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.CONDITIONS.get(self.value() or "")
        return queryset.filter(chosen[1]()) if chosen else queryset


class DayFilter(admin.SimpleListFilter):
    """`on`: a day, `span=week`: the week that it is in. What is no day is left out."""

    title = _("date")
    parameter_name = "on"
    template = "admin/lessons/day_filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        span = params.pop("span", [""])
        super().__init__(request, params, model, model_admin)
        self.is_week = span[-1] == "week"
        self.day = planning.parse_day(self.value() or "")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("any", "any")]  # the template asks for a day instead

    def expected_parameters(self) -> list[str | None]:
        return ["on", "span"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.day is None:
            return queryset
        first = self.day - timedelta(days=self.day.weekday()) if self.is_week else self.day
        return queryset.filter(planning.between_days(first, first + timedelta(days=6 if self.is_week else 0)))

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        others = changelist.get_query_string(remove=["on", "span"])
        yield {
            "day": self.day,
            "hidden": list(QueryDict(others.removeprefix("?")).items()),
            "without": others,
        }
