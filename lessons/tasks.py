"""The Celery tasks: ids in, one domain call."""

from __future__ import annotations  # Task takes type arguments only when types are checked

from typing import Any

from celery import Task, shared_task

from lessons.notifications.close import close_run as close_run_
from lessons.notifications.delivery import deliver_batch
from lessons.notifications.relay import run_relay
from lessons.notifications.reminders import remind as remind_
from lessons.notifications.retry import TASK_RETRIES
from lessons.retention.prune import prune as prune_


@shared_task(name="lessons.relay", ignore_result=True)
def relay() -> None:
    """One pass of the relay. Woken by commits, called by beat."""
    run_relay()


@shared_task(name="lessons.deliver", bind=True, ignore_result=True, max_retries=TASK_RETRIES)
def deliver(self: Task[Any, Any], run_id: str, delivery_ids: list[int]) -> None:
    """A chord's header task: one batch. Retries while its channel is down as a whole."""
    retry_seconds = deliver_batch(
        run_id=run_id, delivery_ids=delivery_ids, task_id=self.request.id, retries=self.request.retries
    )
    if retry_seconds is not None:
        raise self.retry(countdown=retry_seconds)


@shared_task(name="lessons.close_run", ignore_result=True)
def close_run(run_id: str) -> None:
    """A chord's body, and its on_error."""
    close_run_(run_id=run_id)


@shared_task(name="lessons.remind", ignore_result=True)
def remind() -> None:
    """What is told though nothing changes: reminders, and lessons that are overdue. Called by beat."""
    remind_()


@shared_task(name="lessons.prune", ignore_result=True)
def prune() -> None:
    """Remove some of what has served its time. Called by beat."""
    prune_()
