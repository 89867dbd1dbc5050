"""The broker's queues: which there are, and how many tasks wait in each. On Redis and on RabbitMQ alike."""

from collections.abc import Iterable
from typing import Any

from celery import current_app
from django.conf import settings


def queue_names(channels: Iterable[str]) -> list[str]:
    """The relay's and its helpers', and one for each of the channels."""
    return [str(settings.CELERY_TASK_DEFAULT_QUEUE), *(f"deliver.{channel}" for channel in channels)]


def queue_lengths(names: Iterable[str]) -> dict[str, int]:
    """How many tasks no worker has taken yet. Raises what kombu raises for a broker that is away."""
    with current_app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
        return {name: queue_length(broker, name) for name in names}


def queue_length(broker: Any, queue: str) -> int:
    """Of one queue: by a passive declaration, which is answered with a count; 0 for one that nobody has declared.

    Each question has a channel of its own: RabbitMQ closes it with a no.
    """
    channel = broker.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except broker.channel_errors:
        return 0
    finally:
        channel.close()
