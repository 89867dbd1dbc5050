"""What has arrived, in order: the last so many stay, and no id is ever given twice."""

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

KEPT_MESSAGES = 10_000

Item = TypeVar("Item")


class Archive(Generic[Item]):
    """Keeps the last `kept` items. An id says of which gateway's life it is, and its place. Its owner locks."""

    def __init__(self, kind: str, *, kept: int) -> None:
        self._kept = kept
        self._id_prefix = f"{kind}-{secrets.token_hex(3)}-"
        self._last_number = 0
        self._items: OrderedDict[str, Item] = OrderedDict()

    def add(self, make: Callable[[str], Item]) -> Item:
        """Keep what `make` makes of its id."""
        self._last_number += 1
        item_id = f"{self._id_prefix}{self._last_number:06}"
        item = self._items[item_id] = make(item_id)
        if len(self._items) > self._kept:
            self._items.popitem(last=False)
        return item

    def get(self, item_id: str) -> Item | None:
        return self._items.get(item_id)

    def after(self, item_id: str | None, *, limit: int) -> list[Item]:
        """Items in order of arrival, those after `item_id` only. Raises ValueError for an id that was never given."""
        number = self._number(item_id) if item_id else 0
        # The kept ones are numbered without gaps, up to the last.
        start = max(0, number - (self._last_number - len(self._items)))
        return list(islice(self._items.values(), start, start + limit))

    def latest(self, limit: int) -> list[Item]:
        """The newest items, newest first."""
        return list(islice(reversed(self._items.values()), limit))

    def clear(self) -> int:
        """Forget the items; how many were kept. Ids go on."""
        forgotten = len(self._items)
        self._items.clear()
        return forgotten

    def _number(self, item_id: str) -> int:
        match = re.fullmatch(rf"{self._id_prefix}([0-9]{{6,12}})", item_id)
        if match is None or not 1 <= int(match[1]) <= self._last_number:
            raise ValueError(f"This gateway never gave the id {item_id}.")
        return int(match[1])
