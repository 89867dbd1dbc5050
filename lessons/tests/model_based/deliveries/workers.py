"""Workers: each runs the real header task's work, and can freeze in the middle of it, past its lease."""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import connection

from lessons.models import Delivery
from lessons.notifications.channels import Sent
from lessons.notifications.delivery import deliver_batch
from lessons.notifications.messages import Message
from lessons.tests.model_based.deliveries.world import FATES, Arrival, Fate, WorkerDied, World, sender

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Task:
    """A header task's message, as the broker holds it."""

    run_id: uuid.UUID
    delivery_ids: tuple[int, ...]
    retries: int = 0


@dataclass(frozen=True)
class Turn:
    """What the script has for one message. `freezes`: before it is sent, or after, but before that is known."""

    fate: Fate
    freezes: str = ""


SMOOTH = Turn(FATES["sent"])


class Worker:
    """Works in a thread of its own if its script freezes it. One thread runs at a time: all is as in one."""

    def __init__(self, world: World, task: Task, script: Sequence[Turn]) -> None:
        self.task = task
        self.retry: Task | None = None  # what it leaves with the broker
        self._world, self._script = world, [*script]
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work_aside, daemon=True)
        self._stopped, self._thawed = threading.Event(), threading.Event()
        self.is_frozen = False

    def __repr__(self) -> str:
        return f"<with {self.task}>"

    def works(self) -> None:
        """Until the batch is done, or the worker is dead or frozen."""
        if any(turn.freezes for turn in self._script):
            self._thread.start()
            self._waits()
        else:
            self._work()

    def thaws(self) -> None:
        self._stopped.clear()
        self._thawed.set()
        self._waits()

    def hands_over(self, message: Message) -> Sent:
        turn = self._script.pop(0) if self._script else SMOOTH
        if turn.freezes == "before":
            self._freezes()
        if turn.fate.arrives:
            in_time = Delivery.objects.filter(
                pk=message.delivery_id, run_id=self.task.run_id, state="leased", taken_at__isnull=False
            ).exists()
            self._world.arrivals.append(Arrival(message.delivery_id, message.idempotency_key, in_time))
        if turn.freezes == "after":
            self._freezes()
        answer = turn.fate.answer()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _work(self) -> None:
        sender.set(self)
        try:
            seconds = deliver_batch(
                run_id=self.task.run_id,
                delivery_ids=self.task.delivery_ids,
                task_id=str(uuid.uuid4()),
                retries=self.task.retries,
            )
        except WorkerDied:
            return
        if seconds is not None:
            self.retry = replace(self.task, retries=self.task.retries + 1)

    def _work_aside(self) -> None:
        try:
            self._work()
        except BaseException as error:  # the machine's thread raises it
            self._error = error
        finally:
            connection.close()
            self._stopped.set()

    def _freezes(self) -> None:
        self.is_frozen = True
        self._stopped.set()
        self._thawed.wait()
        self._thawed.clear()
        self.is_frozen = False

    def _waits(self) -> None:
        assert self._stopped.wait(PATIENCE_SECONDS), "the worker hangs"
        if not self.is_frozen:
            self._thread.join(PATIENCE_SECONDS)
        if self._error:
            raise self._error
