"""The rehearsal of production: both compose files, TLS, a worker per queue; attacked, reloaded, stopped, restarted."""

import json
import os
import re
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from backend.tests.deployment.compose import PRODUCTION, ROOT
from backend.tests.extra.browser import Browser
from backend.tests.extra.rehearsal import Rehearsal, read_template
from backend.tests.extra.web_server import self_signed
from lessons.tests.waiting import wait_until

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),  # the rehearsal's certificate is its own
]
HOST = "school.example"
PASSWORD = "correct-horse-7"
SECRETS = {
    "SECRET_KEY": "q8Zx" * 13,
    "ALLOWED_HOSTS": HOST,
    "POSTGRES_PASSWORD": "apassword",
    "REDIS_PASSWORD": "bpassword",
    "FLOWER_BASIC_AUTH": "flower:cpassword",
    "SERVER_NAME": HOST,
    "TLS_DIRECTORY": "tls",
    "NOTIFICATION_CHANNELS": "log",
    "TRUSTED_PROXIES": "127.0.0.1/32",
    "REQUESTS_PER_SECOND": "100",
}


@contextmanager
def made(directory: Path) -> Iterator[None]:
    """What is made there is gone afterwards."""
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    certificate = self_signed(tmp_path_factory.mktemp("certificate") / "tls", HOST)
    rehearsal = Rehearsal(PRODUCTION, {**read_template(), **SECRETS}, certificate)
    with (
        made(ROOT / "staticfiles"),
        rehearsal.running(
            build=("collectstatic", "--no-input")  # as the image has done
        ) as stack,
    ):
        stack.manage(
            "createsuperuser", "--no-input", "--username", "rosa", "--email", "rosa@school.example",
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        )  # fmt: skip
        yield stack


@pytest.fixture
def visitor(stack: Rehearsal) -> Browser:
    return Browser(stack.machine.url(8443, "", scheme="https"), HOST)


def problem(response: requests.Response) -> dict[str, Any]:
    """The answer as a problem (RFC 9457), whoever gives it."""
    assert response.headers["Content-Type"].startswith("application/problem+json"), response.text
    said: dict[str, Any] = response.json()
    assert said["status"] == response.status_code
    assert said["request_id"]
    return said


# --- As it should be ------------------------------------------------------------------------------


def test_every_service_is_healthy_by_its_own_check(stack: Rehearsal) -> None:
    assert set(stack.services) >= {f"celery_worker_{channel}" for channel in ("log", "email", "sms")}
    running = [name for name, service in stack.services.items() if "healthcheck" in service]
    assert [name for name in running if not stack.is_healthy(name)] == []


def test_http_leads_to_https_and_nobody_else_is_answered(stack: Rehearsal) -> None:
    plain = requests.get(
        stack.machine.url(8080, "/admin/?a=b"), headers={"Host": HOST}, allow_redirects=False, timeout=5
    )

    assert (plain.status_code, plain.headers["Location"]) == (308, f"https://{HOST}/admin/?a=b")
    for scheme, port in (("http", 8080), ("https", 8443)):
        with pytest.raises(requests.ConnectionError):
            Browser(stack.machine.url(port, "", scheme=scheme), "evil.example").get("/")


def test_browsers_are_told_to_be_careful(visitor: Browser) -> None:
    login = visitor.get("/accounts/login/")

    assert login.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert "'unsafe-inline'" not in login.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in login.headers["Content-Security-Policy"]
    assert login.headers["X-Content-Type-Options"] == "nosniff"
    assert login.headers["X-Frame-Options"] == "DENY"
    assert re.search(r"csrftoken=.*Secure", login.headers["Set-Cookie"])
    assert "nginx/" not in login.headers["Server"]
    assert not [name for name in login.headers if name.startswith("Access-Control")]


def test_static_files_have_hashes_and_are_cached_for_long(visitor: Browser) -> None:
    path = re.findall(r'href="(/static/lessons/site\.[0-9a-f]{12}\.css)"', visitor.get("/").text)[0]

    answer = visitor.get(path)

    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_staff_get_in_and_to_flower(visitor: Browser) -> None:
    assert visitor.log_in("rosa", PASSWORD).status_code == 302

    assert visitor.get("/admin/").status_code == 200
    assert visitor.get("/flower/workers").status_code == 200


# --- Attacks from outside -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "/internal/flower/", "//metrics", "/./metrics", "/%6detrics"]
)
def test_what_is_for_inside_is_not_there_from_outside(path: str, visitor: Browser) -> None:
    answer = visitor.get(path)

    assert answer.status_code == 404
    assert "lessons_" not in answer.text
    assert "X-Flower-Authorization" not in answer.headers


def test_prometheus_gets_in_from_inside(stack: Rehearsal) -> None:
    answer = requests.get(stack.machine.url(8000, "/metrics"), headers={"Host": "app:8000"}, timeout=10)

    assert answer.status_code == 200
    assert "lessons_queue_length" in answer.text
    assert re.search(r'lessons_http_requests_total\{[^}]*route="accounts/login/"', answer.text)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"]
)
def test_what_a_client_says_of_itself_is_not_believed(header: str, stack: Rehearsal, visitor: Browser) -> None:
    answer = visitor.get("/", headers={header: "203.0.113.7"})

    assert answer.status_code == 200
    assert "203.0.113.7" not in stack.log("nginx")


def test_too_large_a_body_is_refused_before_it_is_read(visitor: Browser) -> None:
    answer = visitor.request("POST", "/api/v1/lessons/", data=b"x" * 2_000_000)

    assert problem(answer)["code"] == "body_too_large"
    assert answer.status_code == 413


def test_too_long_an_address_is_refused(visitor: Browser) -> None:
    assert visitor.get(f"/{'a' * 20_000}").status_code == 414


def test_nginx_speaks_as_the_api_does_whatever_it_is_asked_for(visitor: Browser) -> None:
    said = problem(visitor.get('/internal/"},{"'))

    assert (said["code"], said["instance"]) == ("not_found", "")


def test_a_flood_of_logins_is_stopped_at_the_door(visitor: Browser) -> None:
    answers = [visitor.request("POST", "/api/v1/auth/token/", json={}, timeout=20) for _ in range(60)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"]
    assert problem(refused[-1])["code"] == "throttled"
    assert visitor.get("/livez").status_code == 200
    time.sleep(4)  # the door opens again


# --- Change while it runs -------------------------------------------------------------------------


def test_no_request_fails_while_gunicorn_reloads(stack: Rehearsal, visitor: Browser) -> None:
    """What `docker kill -s HUP` does: old workers finish what they have, new ones take over. Until these are ready,
    requests wait; clients keep their connections to nginx."""
    answers: Counter[object] = Counter()
    finished = threading.Event()

    def ask() -> None:
        client = Browser(visitor.base, HOST)
        while not finished.is_set():
            for method, path in (("GET", "/livez"), ("POST", "/api/v1/lessons/"), ("GET", "/redoc/")):
                try:
                    answers[path, client.request(method, path, timeout=60).status_code] += 1
                except requests.RequestException as error:
                    answers[path, type(error).__name__] += 1
            time.sleep(0.15)  # nginx lets 100 requests a second through

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        time.sleep(1)
        os.kill(stack.processes["app"].popen.pid, signal.SIGHUP)
        time.sleep(4)
    wait_until(lambda: sum(answers.values()) > 60, within_seconds=90)
    finished.set()
    for thread in threads:
        thread.join()

    statuses = {status for _, status in answers}
    assert statuses <= {200, 401}, answers
    assert stack.log("app").count("Handling signal: hup") == 2


def test_while_the_application_is_away_nginx_says_when_to_come_again(stack: Rehearsal, visitor: Browser) -> None:
    visitor.get("/static/lessons/site.css")
    stack.stop("app")
    try:
        answer = visitor.get("/api/v1/me/")
        assert answer.status_code == 502
        assert problem(answer)["code"] == "unavailable"
        assert answer.headers["Retry-After"] == "5"
    finally:
        stack.start_again("app")
    assert visitor.get("/accounts/login/").status_code == 200


def test_everybody_stops_gracefully(stack: Rehearsal) -> None:
    for name in ("celery_beat", "celery_worker", "celery_worker_log", "celery_worker_email", "celery_worker_sms"):
        assert stack.stop(name) < 15, name
        assert "Traceback" not in stack.log(name)


def without_celerys_farewell(log: str) -> str:
    """Celery prints two things past all logging: that it is root, which the container's user is not, and its end."""
    warning = r"^\S+ SecurityWarning: You're running the worker.*?warnings\.warn\([^\n]*\n"
    return re.sub(warning, "", log, flags=re.DOTALL | re.MULTILINE).replace("worker: Warm shutdown (MainProcess)\n", "")


def test_logs_are_one_object_per_line_and_name_nobody(stack: Rehearsal) -> None:
    for name in ("nginx", "app", "celery_worker", "celery_worker_log"):
        lines = [line for line in without_celerys_farewell(stack.log(name)).splitlines() if line]
        assert lines, name
        if name == "nginx":  # what it says of its troubles has a form of its own, and shares the file
            lines = [line for line in lines if line.startswith('{"timestamp"') and line.endswith("}")]
        for line in lines:
            assert {"timestamp", "level", "logger"} <= set(json.loads(line)), line
        for secret in ("rosa@school.example", PASSWORD, "apassword", "bpassword", "cpassword", SECRETS["SECRET_KEY"]):
            assert secret not in stack.log(name), name
