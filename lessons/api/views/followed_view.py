"""What the lists about notifications share."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, Q, QuerySet
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from lessons.api.fields import StrictSerializer
from lessons.api.pagination import KeysetPagination
from lessons.api.query import ApiView

Row = TypeVar("Row", bound=Model)


class FollowedList(ApiView, GenericAPIView[Row]):
    """Pages of what the reader may see, the latest first. `conditions` say what each query parameter asks for."""

    pagination_class = KeysetPagination
    query_class: ClassVar[type[StrictSerializer]]
    conditions: ClassVar[dict[str, Callable[[Any], Q]]]

    def get_ordering(self) -> str:
        return "-pk"

    def answer_page(self, rows: QuerySet[Row]) -> Response:
        query = self.read_query(self.query_class)
        for name, value in query.items():
            rows = rows.filter(self.conditions[name](value))
        page = self.paginate_queryset(rows)
        assert page is not None  # noqa: S101 - there is always a paginator
        return self.get_paginated_response(self.represent(page))

    def represent(self, page: Any) -> Any:
        return self.get_serializer(page, many=True).data
