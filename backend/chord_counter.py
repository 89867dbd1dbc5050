"""Redis as the result backend: it counts how many tasks of a chord are done. Nobody waits for a result."""

from typing import Any

from celery.backends.redis import RedisBackend


class ChordCounter(RedisBackend):
    """Celery's own would subscribe to each header task's result when it is published, and unsubscribe when the result's
    object goes: a third of a launch, for news that nobody reads. Who asks for a result here finds it all the same, but
    is not told when it comes: `AsyncResult.get()` waits until its time is over."""

    expires: int  # seconds

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """A task is about to be published."""

    def add_pending_result(self, result: Any, weak: bool = False, start_drainer: bool = True) -> Any:
        """Somebody has a result in hand, as a chord has of each header task."""
        return result

    def remove_pending_result(self, result: Any) -> Any:
        """They have let go of it."""
        return result

    def _set(self, key: str, value: Any) -> None:
        """How many tasks a chord has is kept as well, and not announced."""
        self.client.setex(key, self.expires, value)
