"""Fields that take what they say and nothing that merely looks like it; serializers that name what they do not know."""

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

MAX_ID = 2**63 - 1
DIGITS = re.compile(r"[0-9]{1,19}")


class TextField(serializers.CharField):
    """A string: no number, no boolean. NUL bytes and lone surrogates are refused by the parent."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class IdField(serializers.IntegerField):
    """The id of a row, as a JSON integer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class WrittenIdField(IdField):
    """The id of a row in a query, where everything is text."""

    def to_internal_value(self, data: Any) -> int:
        if not DIGITS.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class MomentField(serializers.DateTimeField):
    """A moment: ISO 8601 with its offset from UTC. One without could mean several moments."""

    default_error_messages = {"naive": _("Give the offset from UTC, as in 2026-09-01T10:00:00+03:00 or …T07:00:00Z.")}

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss+hh:mm")
        moment: datetime = super().to_internal_value(value)
        return moment

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        return super().enforce_timezone(value)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know or that cannot be written, by name."""

    default_error_messages = {
        "unknown": _("There is no such field."),
        "read_only": _("This field cannot be set."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            refused = {name: self._refusal(name) for name in data if name not in self._writable_names()}
            if refused:
                raise serializers.ValidationError(refused)
        return super().to_internal_value(data)

    def _writable_names(self) -> set[str]:
        return {name for name, field in self.fields.items() if not field.read_only}

    def _refusal(self, name: str) -> list[serializers.ErrorDetail]:
        code = "read_only" if name in self.fields else "unknown"
        return [serializers.ErrorDetail(str(self.error_messages[code]), code=code)]
