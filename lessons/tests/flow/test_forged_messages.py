"""Whoever gets at the broker can start tasks, and nothing else: no code, no delivery that is not due."""

import os
import pickle
import uuid
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons.models import Delivery, DeliveryAttempt, User
from lessons.tests.flow.processes import Processes
from lessons.tests.flow.progress import everything_arrived_once, is_settled
from lessons.tests.people import draft
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Bomb:
    """Unpickling it leaves a file behind."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.mknod, (str(self.file),)


def publish(body: bytes | str, content_type: str, **headers: Any) -> None:
    with current_app.connection_for_write() as connection:
        connection.Producer().publish(
            body,
            content_type=content_type,
            content_encoding="binary",
            headers={"task": "lessons.deliver", "id": str(uuid.uuid4()), "lang": "py", **headers},
            routing_key="control",
            exchange="",
            correlation_id=str(uuid.uuid4()),
        )


def test_a_pickled_message_is_refused_unread_and_the_worker_goes_on(
    processes: Processes, worker: Process, gateway: Gateway, alice: User, bob: User, tmp_path: Path
) -> None:
    publish(pickle.dumps([(Bomb(tmp_path / "exploded"),), {}, {}]), "application/x-python-serialize")
    wait_until(lambda: worker.has_logged("Refusing to deserialize"))

    processes.start_relay()
    draft(alice, bob)
    wait_until(is_settled)

    assert not (tmp_path / "exploded").exists()
    assert everything_arrived_once(gateway)


@pytest.mark.parametrize(
    "arguments",
    [
        [str(uuid.uuid4()), [999_999_999]],
        ["no run", [1]],
        [str(uuid.uuid4()), ["'; DROP TABLE lessons_lesson; --"]],
        [None, None],
        ["too", "many", "arguments"],
    ],
    ids=["no such delivery", "no uuid", "sql", "nothing", "too many"],
)
def test_a_forged_task_sends_nothing_and_changes_nothing(
    arguments: list[Any], processes: Processes, worker: Process, gateway: Gateway, alice: User, bob: User
) -> None:
    processes.start_relay()
    draft(alice, bob)
    wait_until(is_settled)
    before = (list(Delivery.objects.order_by("pk").values()), DeliveryAttempt.objects.count())
    sent = len(gateway.provider.messages.latest(100))

    forged = current_app.send_task("lessons.deliver", args=arguments, queue="deliver.sms", ignore_result=True)

    wait_until(lambda: any(worker.has_logged(f"{forged.id}] {end}") for end in ("succeeded", "raised unexpected")))
    assert (list(Delivery.objects.order_by("pk").values()), DeliveryAttempt.objects.count()) == before
    assert len(gateway.provider.messages.latest(100)) == sent
