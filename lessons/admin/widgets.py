"""Choosing people by autocompletion, whatever is posted.

Django's widgets look up what was posted even where the form has refused it, and break on what is no id.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime, AutocompleteSelect, AutocompleteSelectMultiple
from django.utils.translation import gettext as _

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
