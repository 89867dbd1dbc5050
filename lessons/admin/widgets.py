"""What the forms ask with: people by autocompletion, moments, reasons.

People are chosen whatever is posted: Django's widgets look that up even where the form has refused it, and break on
what is no id.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin.widgets import (
    AdminSplitDateTime,
    AdminTextareaWidget,
    AutocompleteSelect,
    AutocompleteSelectMultiple,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lessons.models.event import REASON_MAX_LENGTH

ID_MAX_DIGITS = 18


def _ids(posted: Sequence[str]) -> list[str]:
    return [one for one in posted if one.isdecimal() and len(one) <= ID_MAX_DIGITS]


class Named:
    """Its box has a name for whoever cannot see the label beside it."""

    @property
    def media(self) -> forms.Media:
        return super().media + forms.Media(js=["lessons/labels.js"])  # type: ignore[misc, no-any-return]


class PersonSelect(Named, AutocompleteSelect):
    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, _ids(value), attr)


class PeopleSelect(Named, AutocompleteSelectMultiple):
    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """Without the cross that empties it: select2 puts that among the items of a list, which it is not."""
        return {**super().build_attrs(base_attrs, extra_attrs), "data-allow-clear": "false"}

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, _ids(value), attr)


class MomentInput(AdminSplitDateTime):
    """A date and a time, each of which says what it is."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], (_("Date"), _("Time")), strict=True):
            part["attrs"]["aria-label"] = label
        return context


def reason_field(*, rows: int, help_text: Any) -> forms.CharField:
    """Nobody has to give one; `help_text` says who reads it."""
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_MAX_LENGTH,
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": rows}),
        help_text=help_text,
    )
