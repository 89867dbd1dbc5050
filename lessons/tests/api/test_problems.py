"""The shape of a refusal: the same whoever refuses, in the reader's language, with codes that never change."""

import pytest
from rest_framework.test import APIClient

from lessons.models import User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, url
from lessons.tests.people import draft
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db


def test_every_fault_is_named_with_its_code_and_its_words(alice: User) -> None:
    body = problem(api(alice).post(LESSONS, lesson_body(title="", teacher="x")), 400, "invalid", "title", "teacher")

    assert [(error["attr"], error["code"]) for error in body["errors"]] == [("title", "blank"), ("teacher", "invalid")]
    assert body["detail"].startswith("title: This field may not be blank.; teacher: ")


def test_five_faults_are_told_and_all_are_listed(alice: User) -> None:
    body = problem(api(alice).post(LESSONS, {**lesson_body(), "students": ["x"] * 30}), 400, "invalid")

    assert len(body["errors"]) == 30
    assert body["detail"].count("students.") == 5


def test_a_problem_names_the_request_by_the_callers_id(alice: User) -> None:
    response = api(alice).get(f"{LESSONS}0/", headers={"X-Request-ID": "abc-1"})

    assert problem(response, 404, "not_found")["request_id"] == "abc-1"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "garbage"])
def test_what_cannot_be_answered_in_json_is_not_acceptable(accept: str, alice: User) -> None:
    lesson = draft(alice)

    with nothing_written():
        response = api(alice).patch(url(lesson), {"title": "Geometry"}, headers={"Accept": accept})

    problem(response, 406, "not_acceptable", None)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html, */*;q=0.1"])
def test_what_can_be_answered_in_json_is(accept: str, alice: User) -> None:
    response = api(alice).get(LESSONS, headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    ("status", "code", "method", "address"),
    [
        (401, "not_authenticated", "get", "/api/v1/me/"),
        (404, "not_found", "get", "/api/nonsense/"),
        (405, "method_not_allowed", "put", "/api/v1/auth/token/"),
        (400, "invalid", "post", "/api/v1/auth/token/"),
    ],
)
def test_words_follow_the_reader_and_codes_do_not(status: int, code: str, method: str, address: str) -> None:
    english, russian = (
        problem(
            getattr(APIClient(), method)(address, {}, format="json", headers={"Accept-Language": language}),
            status,
            code,
        )
        for language in ("en", "ru")
    )

    assert english["detail"].isascii()
    assert english["title"] == russian["title"]  # of HTTP, as the status is


def test_what_the_framework_says_is_said_in_russian(alice: User) -> None:
    client = api(alice, HTTP_ACCEPT_LANGUAGE="ru")

    body = problem(client.post(LESSONS, {}), 400, "invalid", "title", "students", "start_time", "end_time")

    assert {error["code"] for error in body["errors"]} == {"required"}
    assert {error["detail"] for error in body["errors"]} == {"Обязательное поле."}
    assert problem(client.get(f"{LESSONS}0/"), 404, "not_found")["detail"] == "Страница не найдена."


def test_a_host_that_is_not_ours_is_a_problem_too() -> None:
    response = APIClient(raise_request_exception=False).get("/api/v1/me", headers={"Host": "evil.example"})

    problem(response, 400, "bad_request", None)


def test_a_field_name_that_utf8_cannot_say_is_told_by_its_escape(alice: User) -> None:
    response = api(alice).post(LESSONS, b'{"\\ud800": 1}', content_type="application/json")

    assert [error["attr"] for error in problem(response, 400, "invalid")["errors"]] == ["\\ud800"]
