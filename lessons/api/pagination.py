"""Keyset pages: as fast on the last page as on the first, and steady while rows are added."""

import base64
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from lessons.api.fields import MAX_ID

DEFAULT_SIZE, MAX_SIZE = 25, 100
SIZES = {str(size) for size in range(1, MAX_SIZE + 1)}


class Cursor(NamedTuple):
    """The row next to which a page begins: its value of the ordering, its id, and on which side of it."""

    backwards: bool
    value: str | int
    id: str | int

    def encode(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(self).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises ValueError for what is no cursor of ours."""
        try:
            backwards, value, id_ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (TypeError, RecursionError) as error:
            raise ValueError(text) from error
        if (
            not isinstance(backwards, bool)
            or not isinstance(value, str | int)
            or not isinstance(id_, str | int)
            or isinstance(id_, bool)
        ):
            raise ValueError(text)
        return cls(backwards, value, id_)


def _invalid(name: str, detail: Any) -> ValidationError:
    return ValidationError({name: [ErrorDetail(str(detail), code="invalid")]})


class KeysetPagination(BasePagination):
    """Orders by the view's `get_ordering()` (`pk`, a moment, or either with `-`), then by id in the same direction."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.size = self._page_size(request.query_params.get("page_size"))
        ordering = view.get_ordering()
        self.field, self.descending = ordering.lstrip("-"), ordering.startswith("-")
        self.key = queryset.model._meta.pk
        self.cursor = self._cursor(request.query_params.get("cursor"))
        rows = list(self._rows_from(queryset))
        self.has_more = len(rows) > self.size
        self.page = rows[: self.size]
        if self.cursor and self.cursor.backwards:
            self.page.reverse()
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        backwards = self.cursor is not None and self.cursor.backwards
        has_next = bool(self.page) and (backwards or self.has_more)
        has_previous = bool(self.page) and (self.has_more if backwards else self.cursor is not None)
        return Response(
            {
                "next": self._link(self.page[-1], backwards=False) if has_next else None,
                "previous": self._link(self.page[0], backwards=True) if has_previous else None,
                "results": data,
            }
        )

    def _rows_from(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        descending = self.descending != bool(self.cursor and self.cursor.backwards)
        sign, beyond = ("-", "lt") if descending else ("", "gt")
        if self.cursor:
            value = self._value(self.cursor.value)
            # `<= and not (= and id >=)` walks the index; an OR would not.
            passed = {self.field: value, f"pk__{'gte' if descending else 'lte'}": self._id(self.cursor.id)}
            queryset = queryset.filter(**{f"{self.field}__{beyond}e": value}).exclude(**passed)
        return queryset.order_by(f"{sign}{self.field}", f"{sign}pk")[: self.size + 1]

    def _page_size(self, text: str | None) -> int:
        if text is None:
            return DEFAULT_SIZE
        if text not in SIZES:
            raise _invalid("page_size", _("page_size is a number from 1 to 100."))
        return int(text)

    def _cursor(self, text: str | None) -> Cursor | None:
        if not text:
            return None
        try:
            cursor = Cursor.decode(text)
            self._value(cursor.value)
            self._id(cursor.id)
        except ValueError:
            raise _invalid("cursor", _("This cursor is not one of ours; start without one.")) from None
        return cursor

    def _id(self, value: str | int) -> Any:
        try:
            id_ = self.key.to_python(value)
        except InvalidValue as error:
            raise ValueError(value) from error
        if isinstance(id_, int) and not 0 <= id_ <= MAX_ID:
            raise ValueError(value)
        return id_

    def _value(self, value: str | int) -> Any:
        if self.field == "pk":
            return self._id(value)
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError(value)
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise ValueError(value) from error

    def _link(self, row: Any, *, backwards: bool) -> str:
        value = getattr(row, self.field)
        id_ = row.pk if isinstance(row.pk, int) else str(row.pk)
        cursor = Cursor(backwards, id_ if self.field == "pk" else value.isoformat(), id_)
        query = self.request.query_params.copy()
        query["cursor"] = cursor.encode()
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(sorted(query.lists()), doseq=True)}")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        onwards = link | {"example": "https://school.example/api/v1/…/?cursor=W2ZhbHNlLCAiMjAyNy0wOS0wMVQwNzowMDowMC…"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": onwards, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE}
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "From `next` or `previous`.",
            },
            {"name": "page_size", "in": "query", "schema": size},
        ]
