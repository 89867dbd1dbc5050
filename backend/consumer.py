"""The worker's consumer: a task is handed to its process before anybody is told that it has come."""

from typing import Any

from celery.worker import consumer

TELL_AFTER_SECONDS = 0.1


class Consumer(consumer.Consumer):
    """Celery's own publishes `task-received` before the task is handed over, and each event in a message of its own.
    Nobody watches Flower in milliseconds: what happens within a tenth of a second is told at once, and after it
    (ADR 11)."""

    hub: Any  # the event loop: where a pool has none, events are not buffered
    _is_about_to_tell = False

    def on_send_event_buffered(self) -> None:  # type: ignore[override]  # the stubs take it for a property
        """An event of a task waits in the dispatcher's buffer, which sends by itself when it is full."""
        if not self._is_about_to_tell:
            self._is_about_to_tell = True
            self.hub.call_later(TELL_AFTER_SECONDS, self._flush_events)

    def _flush_events(self) -> None:
        self._is_about_to_tell = False
        super()._flush_events()  # type: ignore[misc]  # the stubs leave it out

    def connect(self) -> Any:
        """Where the last connection was lost, the event loop has forgotten what it was to do later."""
        self._is_about_to_tell = False
        return super().connect()

    def stop(self) -> None:
        """Nothing is left untold by a worker that ends."""
        self._flush_events()
        super().stop()
