"""What the system on one machine consists of."""

from backend.stack.application import QUEUES
from lessons.monitoring.queues import queue_names
from lessons.notifications.channels import REGISTRY


def test_the_worker_takes_from_the_queue_of_every_channel_and_from_the_relays_first() -> None:
    assert sorted(QUEUES) == sorted(queue_names(REGISTRY))
    assert QUEUES[0] == "control"
