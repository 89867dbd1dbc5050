"""What Sentry gets to see, read from the envelopes that real processes send: web, worker and beat."""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import requests
from rich.console import Console

from backend.stack import application
from backend.stack.launch import Launch
from backend.stack.place import Place
from backend.stack.ports import HOST, Ports
from backend.stack.processes import Process
from backend.stack.supervisor import Supervisor
from backend.tests.extra.ingest import Ingest, ingest
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.timeout(300)
SCALE = "0.2"
PATIENCE = 60.0


class System:
    """Everything that sends to Sentry, five times as fast as usual; every request and task is traced."""

    def __init__(self, supervisor: Supervisor, place: Place, dsn: str) -> None:
        self.ports, self.supervisor, self.place = Ports.free(), supervisor, place
        launch = Launch(supervisor=supervisor, place=place, ports=self.ports, console=Console(file=StringIO()))
        settings = {
            **application.process_environment(launch.services(), place),
            "SENTRY_DSN": dsn,
            "SENTRY_TRACES_SAMPLE_RATE": "1",
            "TIME_SCALE": SCALE,
        }
        self.settings = settings
        launch.run(application.manage("migrate", "--no-input"), settings)
        launch.run(application.manage("seed_data", "--lessons", "0"), {**settings, "SENTRY_DSN": ""})
        supervisor.start(application.gateway(self.ports, "--latency", "0"), settings)
        self.start_worker()
        supervisor.start(application.beat(place), settings)
        web = application.web(self.ports)
        words = tuple("backend.tests.extra.breaking:application" if w == "backend.wsgi:application" else w
                      for w in web.arguments)  # fmt: skip
        supervisor.start(replace(web, arguments=words), settings)
        wait_until(lambda: self.answers("/livez"), within_seconds=PATIENCE)
        self.token = {
            name: self.call("POST", "/api/v1/auth/token/", json={"username": name, "password": "demo-pass-1"})["access"]
            for name in ("teacher_1", "student_1")
        }
        me = self.call("GET", "/api/v1/me/", by="student_1")
        self.student, self.phone = me["id"], me["phone"]

    def start_worker(self) -> Process:
        self.worker = self.supervisor.start(application.worker(), self.settings)
        self.supervisor.wait_until(lambda: self.worker.has_logged(" ready."), self.worker, within_seconds=PATIENCE)
        return self.worker

    def answers(self, path: str) -> bool:
        try:
            return requests.get(f"http://{HOST}:{self.ports.web}{path}", timeout=5).status_code < 500
        except requests.RequestException:
            return False

    def call(self, method: str, path: str, *, by: str = "", **more: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token[by]}"} if by else {}
        headers["X-Request-ID"] = "req-1"
        url = f"http://{HOST}:{self.ports.web}{path}"
        response = requests.request(method, url, headers=headers, timeout=20, **more)
        assert response.ok, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def faults(self, **changes: Any) -> None:
        answer = requests.put(
            f"http://{HOST}:{self.ports.gateway}/faults",
            json=changes,
            headers={"Authorization": f"Bearer {self.settings['SMS_GATEWAY_TOKEN']}"},
            timeout=5,
        )
        assert answer.ok, answer.text

    def schedule(self, day: int) -> tuple[int, dict[str, Any]]:
        """A lesson of teacher_1's that student_1 is told of: its id, and the answer to `schedule`."""
        start = datetime.now(UTC) + timedelta(days=day)
        body = {"title": "Traced", "students": [self.student], "start_time": start.isoformat()}
        body |= {"end_time": (start + timedelta(hours=1)).isoformat()}
        lesson = self.call("POST", "/api/v1/lessons/", by="teacher_1", json=body)["id"]
        return lesson, self.call("POST", f"/api/v1/lessons/{lesson}/schedule/", by="teacher_1")

    def sent(self, dispatch: int) -> int:
        states = self.call("GET", f"/api/v1/dispatches/{dispatch}/", by="teacher_1")["by_state"]
        return int(states.get("sent", 0))

    def has_sms_in_hand(self) -> bool:
        """Whether the gateway keeps somebody waiting: a second look sees the same task received, and not ended."""
        lines = self.worker.log.read_text()
        received = re.findall(r"Task lessons\.deliver\[([-0-9a-f]+)\] received", lines)
        return any(f"lessons.deliver[{id_}] succeeded" not in lines for id_ in received[-4:])

    def settled(self, dispatch: int) -> bool:
        return self.call("GET", f"/api/v1/dispatches/{dispatch}/", by="teacher_1")["state"] not in (
            "pending", "delivering"
        )  # fmt: skip


@pytest.fixture(scope="module")
def sentry() -> Iterator[tuple[Ingest, str]]:
    with ingest() as both:
        yield both


@pytest.fixture(scope="module")
def arrived(sentry: tuple[Ingest, str]) -> Ingest:
    return sentry[0]


@pytest.fixture(scope="module")
def system(sentry: tuple[Ingest, str]) -> Iterator[System]:
    place = Place.throw_away()
    with Supervisor(place.directory, throw_away=place.everything) as supervisor:
        yield System(supervisor, place, sentry[1])


def about_the_dead(arrived: Ingest) -> list[dict[str, Any]]:
    """What was complained of, but for lost runs: on a busy machine there may be some, and they are another issue."""
    found = arrived.errors(logger="lessons.notifications")
    return [error for error in found if not str(error.get("fingerprint")).startswith("['lost runs")]


def trace_of(event: dict[str, Any]) -> str:
    return str(event["contexts"]["trace"]["trace_id"])


def test_one_trace_leads_from_the_request_over_the_relay_to_the_delivery(system: System, arrived: Ingest) -> None:
    wait_until(lambda: arrived.transactions("lessons.relay"), within_seconds=PATIENCE)  # it is quiet, and beat ticks
    lesson, answer = system.schedule(40)
    wait_until(lambda: system.settled(answer["dispatch"]), within_seconds=PATIENCE)

    def joined() -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        requests_ = [one for one in arrived.of("transaction") if one["transaction"].startswith("/api/v1/lessons/")]
        relays, delivers = arrived.transactions("lessons.relay"), arrived.transactions("lessons.deliver")
        return [
            (request, relay, deliver)
            for request in requests_ for relay in relays for deliver in delivers
            if trace_of(request) == trace_of(relay) == trace_of(deliver)
        ]  # fmt: skip

    wait_until(joined, within_seconds=PATIENCE)
    request, relay, deliver = joined()[0]
    assert request["tags"]["request_id"] == relay["tags"]["request_id"] == "req-1"
    assert deliver["tags"]["channel"] in ("log", "email", "sms")
    assert deliver["tags"]["run"]
    served = [deliver["tags"].get("event"), *deliver["tags"].get("events", "").split(",")]
    assert served
    scheduled = [one for one in arrived.of("transaction") if one["tags"].get("event") == str(answer["event"])]
    assert str(lesson) in {one["tags"].get("lesson") for one in scheduled}


def test_an_error_of_a_request_arrives_with_its_lesson_and_without_anybodys_address(
    system: System, arrived: Ingest
) -> None:
    requests.get(f"http://{HOST}:{system.ports.web}/api/v1/lessons/7/break/?email=bob@school.example", timeout=10)

    wait_until(lambda: arrived.errors(text="LookupError"), within_seconds=PATIENCE)
    (error,) = arrived.errors(text="LookupError")
    assert error["exception"]["values"][0]["value"] == "[e-mail], [phone], [credentials] of lesson 7"
    assert error["tags"]["lesson"] == "7"
    assert error["tags"]["request_id"]


def test_dead_letters_are_one_issue_and_retries_are_none(system: System, arrived: Ingest) -> None:
    system.faults(error_rate=1.0, error_status=429, retry_after_seconds=0)
    _, answer = system.schedule(41)
    wait_until(lambda: system.sent(answer["dispatch"]) >= 4, within_seconds=PATIENCE)  # over log and e-mail
    assert not about_the_dead(arrived), "a retry is no issue"
    system.faults(error_rate=0.0, fail_numbers=[system.phone])

    wait_until(lambda: about_the_dead(arrived), within_seconds=PATIENCE)
    for error in about_the_dead(arrived):
        assert error["fingerprint"] == ["dead letters over sms"]
        assert error["tags"]["channel"] == "sms"
    system.faults(fail_numbers=[])


def test_a_lost_run_is_an_issue(system: System, arrived: Ingest) -> None:
    system.faults(slow=5.0)
    system.schedule(42)
    wait_until(system.has_sms_in_hand, within_seconds=PATIENCE)
    os.killpg(system.worker.popen.pid, signal.SIGKILL)
    system.supervisor.stop(system.worker)
    system.faults(slow=0.0)
    system.start_worker()

    wait_until(lambda: arrived.errors(text="lost runs of "), within_seconds=PATIENCE)
    assert all(one["fingerprint"][0].startswith("lost runs of ") for one in arrived.errors(text="was lost: "))


def test_the_heartbeat_checks_in(system: System, arrived: Ingest) -> None:
    wait_until(lambda: arrived.of("check_in"), within_seconds=PATIENCE)
    first = arrived.of("check_in")[0]

    assert (first["monitor_slug"], first["status"]) == ("lessons-heartbeat", "ok")
    assert first["monitor_config"]["schedule"] == {"type": "interval", "value": 1, "unit": "minute"}
    assert {one["monitor_slug"] for one in arrived.of("check_in")} == {"lessons-heartbeat"}  # not the relay's ticks


def test_an_error_of_beats_arrives(system: System, arrived: Ingest) -> None:
    valkey = system.supervisor.named("valkey")
    system.supervisor.stop(valkey)

    wait_until(lambda: arrived.errors(logger="celery.beat"), within_seconds=PATIENCE)


def test_nobody_is_named_in_anything_that_left_the_house(arrived: Ingest, system: System) -> None:
    everything = "\n".join(arrived.raw)

    assert len(arrived.raw) > 10
    known = ("@school.example", system.phone, "demo-pass-1", "Bob Brown", "Alice Adams", *system.token.values())
    for personal in known:
        assert personal not in everything, personal
    assert system.settings["SMS_GATEWAY_TOKEN"] not in everything
