"""Production as it should be, and how it stands the simplest attacks; each of the others has a file of its own."""

import re
import time

import pytest
import requests

from backend.tests.extra.browser import Browser
from backend.tests.extra.production.site import HOST, REHEARSED, problem
from backend.tests.extra.rehearsal import Rehearsal

pytestmark = REHEARSED

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


def test_staff_get_in_and_to_flower(rosa: Browser) -> None:
    assert rosa.get("/admin/").status_code == 200
    assert rosa.get("/flower/workers").status_code == 200


def test_the_doctor_finds_nothing(stack: Rehearsal) -> None:
    assert "are as they should be" in stack.manage("doctor").stdout


# --- Attacks from outside -------------------------------------------------------------------------


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
