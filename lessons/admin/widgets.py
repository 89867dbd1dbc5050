"""Choosing people by autocompletion, whatever is posted.

Django's widgets look up what was posted even where the form has refused it, and break on what is no id.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple

ID_MAX_DIGITS = 18


def _ids(posted: Sequence[str]) -> list[str]:
    return [one for one in posted if one.isdecimal() and len(one) <= ID_MAX_DIGITS]


class PersonSelect(AutocompleteSelect):
    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, _ids(value), attr)


class PeopleSelect(AutocompleteSelectMultiple):
    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, _ids(value), attr)
