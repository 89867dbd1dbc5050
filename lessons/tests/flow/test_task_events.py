"""What Flower is told of tasks comes after them, and comes whatever happens to the worker and its broker."""

import os
import signal

import pytest
from celery import current_app
from django.conf import settings

from lessons.tests.brokers import Addresses
from lessons.tests.flow.events import TaskEvents
from lessons.tests.flow.processes import Processes
from lessons.tests.waiting import wait_until

TELLS_LATE = """
import os
from celery.__main__ import main
from backend import consumer

consumer.TELL_AFTER_SECONDS = float(os.environ["TELL_AFTER_SECONDS"])
main()
"""

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_task_begins_before_anybody_is_told_that_it_has_come(processes: Processes, task_events: TaskEvents) -> None:
    processes.start_worker()
    current_app.send_task("lessons.relay", ignore_result=True)
    wait_until(lambda: task_events.of_type("task-succeeded"))
    (received,), (started,) = task_events.of_type("task-received"), task_events.of_type("task-started")
    assert received["local_received"] > started["timestamp"]


def test_a_worker_that_ends_leaves_nothing_untold(processes: Processes, task_events: TaskEvents) -> None:
    worker = processes.start_worker("-c", TELLS_LATE, TELL_AFTER_SECONDS="60")
    current_app.send_task("lessons.relay", ignore_result=True)
    wait_until(lambda: worker.has_logged("succeeded in"))
    assert not task_events.of_type("task-succeeded")

    os.kill(worker.popen.pid, signal.SIGTERM)

    wait_until(lambda: task_events.of_type("task-succeeded"))


def test_a_worker_that_has_lost_the_broker_tells_what_it_does_when_it_is_back(
    processes: Processes, task_events: TaskEvents
) -> None:
    with Addresses.of(settings).through_proxy() as (proxy, addresses):
        worker = processes.start_worker("-c", TELLS_LATE, TELL_AFTER_SECONDS="2", **addresses.environment())
        current_app.send_task("lessons.relay", ignore_result=True)
        wait_until(lambda: worker.has_logged("succeeded in"))

        proxy.refuse()
        proxy.pass_on()
        again = current_app.send_task("lessons.relay", ignore_result=True)

        wait_until(lambda: again.id in {event["uuid"] for event in task_events.of_type("task-succeeded")})
