"""In Swagger UI a person logs in and goes through a whole lesson, with "Try it out" and the examples that are there."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from rest_framework_simplejwt.tokens import AccessToken

from lessons.models import Lesson, User
from lessons.tests.people import Student
from lessons.tests.rows import history

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


@pytest.fixture
def docs_page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page under the site's own policy, which keeps out every script that is not a file of ours."""
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if _is_refused(said.text) else None)
    yield page
    page.context.close()
    assert complaints == [], "\n".join(complaints)


def _is_refused(said: str) -> bool:
    """By the policy; that ReDoc's logo, which it would fetch from elsewhere, is kept out is as it should be."""
    return "Content Security Policy" in said and "/redoc/logo-mini.svg" not in said


class Swagger:
    """What a person sees and presses."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(f"{url}/swagger/")
        page.wait_for_selector(".opblock")

    def authorize(self, token: str) -> None:
        self.page.click("button.authorize")
        box = self.page.locator(".auth-container", has_text="jwtAuth")
        box.locator("input").fill(token)
        box.get_by_role("button", name="Apply credentials").click()

        self.page.locator(".modal-ux .btn-done").first.click()

    def try_out(self, operation: str, *, body: dict[str, Any] | None = None, **parameters: Any) -> tuple[int, Any]:
        """Open an operation, fill in what differs from its example, send it; status and body of the answer."""
        block = self.page.locator(f"[id$='-{operation}'].opblock")
        if "is-open" not in (block.get_attribute("class") or ""):
            block.locator(".opblock-summary-control").click()
        if block.get_by_role("button", name="Try it out").count():
            block.get_by_role("button", name="Try it out").click()
        for name, value in parameters.items():
            block.locator(f"tr[data-param-name='{name}'] input").fill(str(value))
        if body is not None:
            area = block.locator("textarea.body-param__text")
            area.fill(json.dumps({**json.loads(area.input_value()), **body}))
        with self.page.expect_response(lambda response: "/api/v1/" in response.url) as answered:
            block.locator("button.execute").click()
        answer = answered.value
        block.locator(".live-responses-table .response-col_status").first.wait_for()
        return answer.status, json.loads(answer.text() or "null")


def goes_through_a_lesson(swagger: Swagger, bob: User) -> None:
    status, lesson = swagger.try_out("lessons_create", body={"students": [bob.pk]})
    assert (status, lesson["title"]) == (201, "Algebra")
    for operation, expected in (
        ("lessons_schedule", "scheduled"),
        ("lessons_reschedule", "scheduled"),
        ("lessons_start", "in_progress"),
        ("lessons_complete", "completed"),
    ):
        status, answer = swagger.try_out(operation, id=lesson["id"])
        assert (status, answer.get("status")) == (200, expected), answer
    status, problem = swagger.try_out("lessons_start", id=lesson["id"])
    assert (status, problem["code"]) == (409, "transition_not_allowed")
    status, answer = swagger.try_out("dispatches_retrieve", id=answer["dispatch"])
    assert (status, answer["lesson"]) == (200, lesson["id"])
    assert history(Lesson.objects.get()) == ["created", "scheduled", "rescheduled", "started", "completed"]


@pytest.fixture
def pupil(settings: Settings) -> User:
    return Student(username="bob")


def test_with_a_token(docs_page: Page, live_server: LiveServer, alice: User, pupil: User) -> None:
    swagger = Swagger(docs_page, live_server.url)
    swagger.authorize(str(AccessToken.for_user(alice)))

    goes_through_a_lesson(swagger, pupil)


def test_with_a_session(docs_page: Page, live_server: LiveServer, alice: User, pupil: User) -> None:
    client = Client()
    client.force_login(alice)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    docs_page.context.add_cookies([session])

    goes_through_a_lesson(Swagger(docs_page, live_server.url), pupil)


def test_redoc_reads_well(docs_page: Page, live_server: LiveServer) -> None:
    docs_page.goto(f"{live_server.url}/redoc/")
    docs_page.get_by_role("heading", name=re.compile("Lesson Management System")).wait_for()

    docs_page.get_by_role("heading", name="Schedule a draft: everybody is booked").wait_for()
