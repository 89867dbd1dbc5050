"""What somebody might try from outside, one test per attack. (What comes past nginx: backend/tests/extra.)"""

import ipaddress
from typing import Any

import pytest
from django.test import Client as Browser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.throttling import AnonRateThrottle

from lessons.models import Lesson, User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem
from lessons.tests.people import PASSWORD, Manager, draft

pytestmark = pytest.mark.django_db
SOMEWHERE_ELSE = "https://evil.example"


@pytest.fixture
def marias(maria: User) -> Browser:
    """Maria's browser, with her session, that is asked for its CSRF token as usual."""
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(maria)
    return browser


def csrf(browser: Browser) -> str:
    return str(browser.get("/accounts/login/?next=/").context["csrf_token"])


# --- Whose site this is ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/admin/", "/api/v1/lessons/"])
def test_a_foreign_host_is_refused(path: str) -> None:
    assert Browser(headers={"Host": "evil.example"}).get(path).status_code == 400
    assert Browser(headers={"X-Forwarded-Host": "evil.example"}).get(path).status_code in (200, 302, 401)


def test_a_foreign_page_can_read_nothing(marias: Browser) -> None:
    """No CORS headers: a browser keeps the answer from the page that asked."""
    read = marias.get(LESSONS, headers={"Origin": SOMEWHERE_ELSE})
    asked = marias.options(LESSONS, headers={"Origin": SOMEWHERE_ELSE, "Access-Control-Request-Method": "POST"})

    for response in (read, asked):
        assert not [name for name in response.headers if name.startswith("Access-Control")]


def test_a_foreign_page_cannot_post_in_somebodys_name(marias: Browser, bob: User) -> None:
    token = csrf(marias)
    for headers in ({"Origin": SOMEWHERE_ELSE}, {"Origin": "null"}, {"Origin": SOMEWHERE_ELSE, "X-CSRFToken": token}):
        response = marias.post(LESSONS, lesson_body(bob), content_type="application/json", headers=headers)
        assert response.status_code == 403
    assert not Lesson.objects.exists()


def test_a_session_without_a_csrf_token_changes_nothing(marias: Browser, bob: User) -> None:
    assert marias.post(LESSONS, lesson_body(bob), content_type="application/json").status_code == 403
    assert marias.post("/admin/lessons/lesson/add/", {"title": "x"}).status_code == 403
    assert marias.post("/accounts/logout/").status_code == 403
    assert Browser(enforce_csrf_checks=True).post("/accounts/login/", {"username": "maria"}).status_code == 403
    assert not Lesson.objects.exists()


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/admin/login/"])
def test_pages_run_nothing_inline_and_are_framed_by_nobody(path: str) -> None:
    policy = Browser().get(path).headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    for directive in ("default-src 'self'", "script-src 'self'", "object-src 'none'", "frame-ancestors 'none'"):
        assert directive in policy


# --- Who asks -------------------------------------------------------------------------------------


def test_a_forged_address_does_not_get_past_the_throttle() -> None:
    idents = {
        AnonRateThrottle().get_ident(Request(APIRequestFactory().get("/", HTTP_X_FORWARDED_FOR=address)))
        for address in ("1.2.3.4", "5.6.7.8, 9.9.9.9", "")
    }

    assert idents == {"127.0.0.1"}


def test_behind_nginx_it_is_nginxs_word_that_counts(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("172.16.0.0/12")]
    forged = {"X-Forwarded-For": "1.2.3.4, 203.0.113.7"}

    request = Browser(REMOTE_ADDR="172.18.0.5", headers=forged).get("/api/v1/me/").wsgi_request

    assert request.META["REMOTE_ADDR"] == "203.0.113.7"


@pytest.mark.parametrize("path", ["/internal/flower/", "/admin/", "/admin/lessons/delivery/"])
def test_anonymous_gets_nowhere(path: str) -> None:
    assert Browser().get(path).status_code in (302, 401)


def test_figures_are_not_for_outside() -> None:
    assert Browser(REMOTE_ADDR="9.9.9.9").get("/metrics").status_code == 404
    assert Browser(headers={"X-Forwarded-For": "10.0.0.1"}).get("/metrics").status_code == 404


@pytest.mark.parametrize("path", ["/static/../backend/settings.py", "/static/..%2f..%2fmanage.py", "/media/../.env"])
def test_no_path_leads_out_of_the_static_files(path: str) -> None:
    response = Browser().get(path)

    assert response.status_code == 404
    assert b"SECRET_KEY" not in response.content


# --- What they write ------------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script>"


def test_a_script_in_a_title_is_text_on_every_page(alice: User, bob: User) -> None:
    lesson = draft(alice, bob, title=SCRIPT, description=SCRIPT)
    browser = Browser()
    browser.force_login(Manager(username="mary"))

    for path in ("/admin/lessons/lesson/", f"/admin/lessons/lesson/{lesson.pk}/change/", "/admin/lessons/dispatch/"):
        page = browser.get(path)
        assert page.status_code == 200
        assert SCRIPT not in page.content.decode()
    answer = api(alice).get(f"{LESSONS}{lesson.pk}/")
    assert (answer.json()["title"], answer.headers["Content-Type"]) == (SCRIPT, "application/json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("email", ["bob@x.example\r\nBcc: eve@x.example", "b\n@x.example", "<script>@x.example"])
def test_an_address_with_more_in_it_is_refused(email: str, bob: User) -> None:
    problem(api(bob).patch("/api/v1/me/", {"email": email}), 400, "invalid", "email")

    bob.refresh_from_db()
    assert bob.email == "bob@school.example"


@pytest.mark.parametrize("header", ["X-Request-ID", "Accept-Language"])
def test_a_header_with_a_line_break_makes_no_header_of_ours(header: str) -> None:
    response = Browser(headers={header: "a\r\nSet-Cookie: evil=1"}).get("/")

    assert "evil" not in str(response.headers)


def test_a_login_leads_nowhere_else(maria: User) -> None:
    form = {"username": "maria", "password": PASSWORD, "next": SOMEWHERE_ELSE}

    assert Browser().post("/accounts/login/", form).headers["Location"] == "/"
