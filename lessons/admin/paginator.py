"""Pages of a list that nobody counts to its end: a million rows are "10 000+", and so are ten million."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.core import paginator
from django.db.models import QuerySet

from lessons.monitoring import capped

if TYPE_CHECKING:
    Paginator = paginator.Paginator[Any]
else:
    Paginator = paginator.Paginator


class CappedPaginator(Paginator):
    """Counts, and pages, as far as somebody would turn the leaves. Whoever looks for more filters."""

    @cached_property
    def _counted(self) -> Any:
        return capped(cast(QuerySet[Any], self.object_list))

    @property
    def is_capped(self) -> bool:
        return bool(self._counted.is_capped)

    @cached_property
    def count(self) -> int:
        return int(self._counted.number)
