"""The pages around the API: landing, login, documentation; and what is refused outside of the views."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from lessons.models import Lesson, User
from lessons.policies import Role

pytestmark = pytest.mark.django_db

DOCS = ["/swagger/", "/redoc/", "/api/schema/"]
PASSWORD = "correct-horse-7"


@pytest.fixture
def alice(settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("alice", password=PASSWORD, role=Role.TEACHER, full_name="Alice")


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def log_in(browser: Client, password: str = PASSWORD, **more: str) -> Any:
    """As a person does: read the form, fill it in, send it with its token."""
    page = browser.get("/accounts/login/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    form = {"username": "alice", "password": password, "csrfmiddlewaretoken": token[1], **more}
    return browser.post("/accounts/login/", form)


def linked(html: str) -> set[str]:
    return set(re.findall(r'(?:src|href|action)="([^"]+)"', html))


def test_the_landing_page_leads_to_every_part(browser: Client) -> None:
    page = browser.get("/")

    assert page.status_code == 200
    assert linked(page.content.decode()) >= {"/accounts/login/", "/admin/", *DOCS, "/readyz"}


@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/swagger/", "/redoc/"])
def test_a_page_loads_nothing_from_elsewhere(address: str, browser: Client) -> None:
    html = browser.get(address).content.decode()

    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert loaded
    assert not [link for link in loaded if re.match(r"(https?:)?//", link)]
    assert not re.search(r"https?://(?!testserver)[^\s\"']*(cdn|unpkg|googleapis|jsdelivr)", html)


@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/swagger/", "/redoc/"])
def test_what_a_page_loads_is_there(address: str, browser: Client) -> None:
    assets = {link for link in linked(browser.get(address).content.decode()) if link.startswith("/static/")}

    assert assets
    assert {browser.get(asset).status_code for asset in assets} == {200}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_pages_say_which_language_they_are_in(language: str, browser: Client) -> None:
    page = browser.get("/", headers={"Accept-Language": language}).content.decode()

    assert f'<html lang="{language}">' in page


def test_after_login_the_api_is_driven_with_the_session_and_its_csrf_token(browser: Client, alice: User) -> None:
    assert log_in(browser).headers["Location"] == "/"
    assert "Alice" in browser.get("/").content.decode()
    assert browser.get("/api/v1/me/").json()["username"] == "alice"
    body = {
        "title": "Algebra",
        "students": [],
        "start_time": "2027-09-01T10:00:00Z",
        "end_time": "2027-09-01T11:00:00Z",
    }

    without_token = browser.post("/api/v1/lessons/", body, content_type="application/json")
    token = browser.cookies["csrftoken"].value
    with_token = browser.post("/api/v1/lessons/", body, content_type="application/json", headers={"X-CSRFToken": token})

    assert (without_token.status_code, without_token.json()["code"]) == (403, "permission_denied")
    assert with_token.status_code == 201
    assert Lesson.objects.get().teacher == alice


def test_a_wrong_password_stays_at_the_form(browser: Client, alice: User) -> None:
    page = log_in(browser, password="wrong")

    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert browser.get("/api/v1/me/").status_code == 401


def test_a_login_leads_on_within_the_site_only(browser: Client, alice: User) -> None:
    assert log_in(browser, next="/swagger/").headers["Location"] == "/swagger/"
    assert log_in(Client(enforce_csrf_checks=True), next="https://evil.example/").headers["Location"] == "/"


def test_who_logs_out_is_out(browser: Client, alice: User) -> None:
    log_in(browser)

    browser.post("/accounts/logout/", headers={"X-CSRFToken": browser.cookies["csrftoken"].value})

    assert browser.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize("address", DOCS)
def test_the_documentation_is_public(address: str, browser: Client) -> None:
    assert browser.get(address).status_code == 200


@pytest.mark.parametrize("accept", ["application/vnd.oai.openapi+json", "application/vnd.oai.openapi", "*/*"])
def test_the_schema_is_served_in_the_form_that_is_asked_for(accept: str, browser: Client) -> None:
    response = browser.get("/api/schema/", headers={"Accept": accept})

    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/vnd.oai.openapi")
    assert b"3.1.0" in response.content


ASK_AS_NOBODY = """
import json, django
django.setup()
from django.test import Client
answers = [Client(raise_request_exception=False).get(address) for address in {addresses}]
print(json.dumps([[answer.status_code, answer["Content-Type"], answer.content.decode()] for answer in answers]))
"""


def test_the_documentation_can_be_closed() -> None:
    """In a process of its own: the setting is read at start."""
    environment = {**os.environ, "API_DOCS_PUBLIC": "false", "DJANGO_SETTINGS_MODULE": "backend.settings"}
    environment["ALLOWED_HOSTS"] = "testserver"
    asked = subprocess.run(
        [sys.executable, "-c", ASK_AS_NOBODY.format(addresses=DOCS)],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    answers = json.loads(asked.stdout)
    assert [(status, kind) for status, kind, _ in answers] == [(401, "application/problem+json")] * len(DOCS)
    assert [json.loads(body)["code"] for _, _, body in answers] == ["not_authenticated"] * len(DOCS)


@pytest.mark.parametrize(
    ("address", "kind"), [("/nonsense/", "text/html"), ("/api/nonsense/", "application/problem+json")]
)
def test_people_get_pages_and_clients_get_problems(address: str, kind: str, browser: Client) -> None:
    response = browser.get(address)

    assert response.status_code == 404
    assert response["Content-Type"].startswith(kind)
