"""Clients of the API that are logged in as somebody, what they send, and how a refusal has to look."""

from http import HTTPStatus
from typing import Any

from rest_framework.test import APIClient, ForceAuthClientHandler
from rest_framework_simplejwt.tokens import AccessToken

from lessons.api.problem_table import KINDS
from lessons.models import Lesson, User
from lessons.tests.people import tomorrow

LESSONS = "/api/v1/lessons/"
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "errors", "request_id"}


class Client(APIClient):
    """Loads the middleware once for all clients: WhiteNoise looks through every static file when it is loaded."""

    shared = ForceAuthClientHandler(enforce_csrf_checks=False)

    def __init__(self) -> None:
        super().__init__(raise_request_exception=False)
        self.handler = self.shared


def api(person: User | None = None, **headers: str) -> APIClient:
    """A client with an access token of `person`'s. Answers 500 as a client gets it, instead of raising."""
    client = Client()
    client.default_format = "json"
    token = {"HTTP_AUTHORIZATION": f"Bearer {AccessToken.for_user(person)}"} if person else {}
    client.credentials(**token, **headers)
    return client


def url(lesson: Lesson, tail: str = "") -> str:
    """Of a lesson, or of one of its transitions."""
    return f"{LESSONS}{lesson.pk}/{tail and f'{tail}/'}"


def lesson_body(*students: User, **changes: Any) -> dict[str, Any]:
    """What creates a lesson; None leaves a field out."""
    times = {"start_time": tomorrow(10).isoformat(), "end_time": tomorrow(11).isoformat()}
    values = {"title": "Algebra", "students": [student.pk for student in students], **times, **changes}
    return {name: value for name, value in values.items() if value is not None}


def times(hour: int) -> dict[str, str]:
    """Tomorrow, from that hour to the next."""
    return {"start_time": tomorrow(hour).isoformat(), "end_time": tomorrow(hour + 1).isoformat()}


def problem(response: Any, status: int, code: str, *attrs: str | None) -> dict[str, Any]:
    """The body of a refusal, once it is sure that it is one: all members, for exactly these fields if any are named."""
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json"), (
        response.content
    )
    body: dict[str, Any] = response.json()
    assert body.keys() >= MEMBERS
    assert (body["status"], body["code"]) == (status, code), body
    assert KINDS[code].status == status, "The documentation tells another story."
    assert (body["type"], body["title"]) == ("about:blank", HTTPStatus(status).phrase)
    assert body["instance"] == response.wsgi_request.path
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert body["detail"]
    assert all(error.keys() == {"attr", "code", "detail"} and error["detail"] for error in body["errors"])
    assert body["errors"]
    assert not attrs or {error["attr"] for error in body["errors"]} == set(attrs)
    assert (status == HTTPStatus.UNAUTHORIZED) == ("WWW-Authenticate" in response.headers)
    return body
