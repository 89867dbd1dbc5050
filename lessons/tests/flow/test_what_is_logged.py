"""A lesson's way through the workers' log: the request's id at every step, and nobody's address, number or token."""

import json
from typing import Any

import pytest

from backend.gateway import Gateway
from lessons.models import Delivery, User
from lessons.request_id import current_request_id
from lessons.tests.flow.conftest import TOKEN
from lessons.tests.flow.processes import Processes
from lessons.tests.flow.progress import is_settled
from lessons.tests.people import scheduled
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _a_request() -> Any:
    token = current_request_id.set("req-77")
    yield
    current_request_id.reset(token)


@pytest.mark.usefixtures("_a_request")
def test_the_requests_id_is_at_every_attempt_and_nobody_is_named(
    processes: Processes, gateway: Gateway, alice: User, bob: User, carol: User
) -> None:
    gateway.provider.faults.update({"fail_numbers": [bob.phone], "fail_addresses": [carol.email]})
    worker = processes.start_worker(LOG_FORMAT="json")
    relay = processes.start_relay(LOG_FORMAT="json")

    scheduled(alice, bob, carol)
    wait_until(is_settled)
    wait_until(lambda: worker.has_logged("are dead after run"))

    text = worker.log.read_text() + relay.log.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    about = {line["delivery"]: line for line in lines if "delivery" in line}
    sent_or_dead = set(Delivery.objects.filter(state__in=["sent", "dead"]).values_list("pk", flat=True))
    assert set(about) == sent_or_dead
    for line in about.values():
        assert line["request_id"] == "req-77"
        assert {"task_id", "run", "channel", "lesson", "event", "attempt"} <= set(line)
    personal = [person.email for person in (alice, bob, carol)] + [person.phone for person in (alice, bob, carol)]
    for secret in (*personal, TOKEN, "Alice", "Bob", "Carol"):
        assert secret not in text, secret
