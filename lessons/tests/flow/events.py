"""What the workers say that they do: the same events from which Flower draws its picture."""

import threading
from collections import defaultdict
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from celery import current_app

PATIENCE_SECONDS = 10.0


class TaskEvents:
    """Listens for as long as the block lasts."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._listening, self._done = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(PATIENCE_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(PATIENCE_SECONDS)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in list(self._events) if event["type"] == kind]

    def names_by_root(self) -> dict[str, list[str]]:
        """Flower's grouping: the names of the tasks that workers received, by their root id."""
        names: dict[str, list[str]] = defaultdict(list)
        for event in self.of_type("task-received"):
            names[event["root_id"]].append(event["name"])
        return {root: sorted(group) for root, group in names.items()}

    def _listen(self) -> None:
        receiver = current_app.events.Receiver(current_app.connection_for_read(), handlers={"*": self._events.append})
        with receiver.consumer_context() as (connection, _, _):
            self._listening.set()
            while not self._done.is_set():
                with suppress(TimeoutError):
                    connection.drain_events(timeout=0.2)
