"""The rehearsal of `cp .env.template .env && docker compose up`: every service's own command and health check."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from backend.tests.deployment.compose import QUICK_START
from backend.tests.extra.browser import Browser
from backend.tests.extra.rehearsal import Rehearsal, read_template

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def stack() -> Iterator[Rehearsal]:
    with Rehearsal(QUICK_START, {**read_template(), "TRUSTED_PROXIES": "127.0.0.1/32"}).running() as stack:
        yield stack


@pytest.fixture
def visitor(stack: Rehearsal) -> Browser:
    return Browser(stack.machine.url(8080, ""), "localhost")


def test_every_service_is_healthy_by_its_own_check(stack: Rehearsal) -> None:
    running = [name for name, service in stack.services.items() if "healthcheck" in service]

    assert set(running) >= {"nginx", "postgres", "redis", "app", "celery_worker", "celery_beat", "flower", "gateway"}
    assert [name for name in running if not stack.is_healthy(name)] == []


def test_the_site_and_its_documents_are_served(visitor: Browser) -> None:
    for path in ("/", "/accounts/login/", "/swagger/", "/redoc/", "/api/schema/", "/livez"):
        assert visitor.get(path).status_code == 200, path
    parts = visitor.get("/readyz").json()
    assert parts["status"] == "ok", parts


def test_root_gets_into_the_admin_and_sees_the_seeded_lessons(visitor: Browser) -> None:
    answer = visitor.log_in("root", "root")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = visitor.get("/admin/lessons/lesson/")
    assert page.status_code == 200
    assert "Algebra 1" in page.text


def test_static_files_come_through_nginx(visitor: Browser) -> None:
    first, again = (visitor.get("/static/lessons/site.css") for _ in range(2))

    assert first.status_code == again.status_code == 200
    assert "text/css" in first.headers["Content-Type"]


def test_flower_is_for_staff_who_are_logged_in(stack: Rehearsal, visitor: Browser) -> None:
    anonymous = visitor.get("/flower/")
    assert (anonymous.status_code, anonymous.headers["Location"]) == (302, "/accounts/login/?next=/flower/")
    visitor.log_in("student_1", "demo-pass-1")
    refused = visitor.get("/flower/")
    assert (refused.status_code, refused.headers["Content-Type"]) == (403, "application/problem+json")

    staff = Browser(visitor.base, "localhost")
    staff.log_in("root", "root")
    page = staff.get("/flower/workers")

    assert page.status_code == 200
    assert "Flower" in page.text
    assert "X-Flower-Authorization" not in page.headers
    assert staff.get("/flower/metrics").status_code == staff.get("/flower/healthcheck").status_code == 404
    # Behind it stands its own door.
    assert requests.get(stack.machine.url(5555, "/flower/workers"), timeout=5).status_code == 401


def test_a_lesson_goes_through_its_life_and_everybody_is_told(stack: Rehearsal, visitor: Browser) -> None:
    student = visitor.get("/api/v1/me/", headers=visitor.token("student_1", "demo-pass-1")).json()["id"]
    teacher = visitor.token("teacher_1", "demo-pass-1")
    start = datetime.now(UTC) + timedelta(days=40)
    body = {"title": "Rehearsal", "students": [student], "start_time": start.isoformat()}
    body |= {"end_time": (start + timedelta(hours=1)).isoformat()}
    made = visitor.request("POST", "/api/v1/lessons/", json=body, headers={**teacher, "X-Request-ID": "forged"})
    assert made.status_code == 201, made.text
    done = visitor.request("POST", f"/api/v1/lessons/{made.json()['id']}/schedule/", headers=teacher)
    assert done.status_code == 200, done.text
    request_id = done.headers["X-Request-ID"]
    dispatch = f"/api/v1/dispatches/{done.json()['dispatch']}/"

    deadline = time.monotonic() + 60
    while (state := visitor.get(dispatch, headers=teacher).json()["state"]) != "delivered":
        assert time.monotonic() < deadline, state
        time.sleep(0.5)

    # One id, from nginx through the application and the event to the attempts.
    assert f'"request_id":"{request_id}"' in stack.log("nginx")
    lines = [line for line in stack.log("celery_worker").splitlines() if f"[{request_id}]" in line]
    assert [line for line in lines if "SMS delivery-" in line]
    assert [line for line in lines if "E-mail delivery-" in line]
    assert [line for line in lines if "Notification sent to student" in line]
    assert made.headers["X-Request-ID"] != "forged"


def test_flower_keeps_what_it_knows(stack: Rehearsal) -> None:
    stack.stop("flower")

    assert list((stack.machine.directory_of("flower") / "data").iterdir())
    stack.start_again("flower")


def test_the_worker_ends_within_its_grace_and_beat_at_once(stack: Rehearsal) -> None:
    assert stack.stop("celery_beat") < 5
    assert stack.stop("celery_worker") < 15
    assert "Traceback" not in stack.log("celery_worker")
