"""What a body may be, before anybody asks what it says."""

import json

import pytest

from lessons.models import User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, url
from lessons.tests.people import draft
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

MALFORMED = {
    "cut off": b'{"title": ',
    "not JSON": b"title=Algebra",
    "trailing comma": b'{"title": "Algebra",}',
    "two values": b"{} {}",
    "not UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-16": '{"title": "Algebra"}'.encode("utf-16"),
    "a raw NUL": b'{"title": "a\x00b"}',
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"title": Infinity}',
    "minus Infinity": b'{"title": -Infinity}',
    "a number of 5,000 digits": b'{"teacher": ' + b"1" * 5_000 + b"}",
    "arrays 21 deep": b"[" * 21 + b"]" * 21,
    "arrays 100 deep": b"[" * 100 + b"]" * 100,
    "objects 100 deep": b'{"title": ' * 100 + b"1" + b"}" * 100,
    "200,000 brackets": b"[" * 200_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_proper_json_is_refused(body: bytes, alice: User) -> None:
    with nothing_written():
        response = api(alice).post(LESSONS, body, content_type="application/json")

    problem(response, 400, "parse_error", None)


def test_a_number_too_large_for_a_float_is_no_id(alice: User) -> None:
    body = json.dumps(lesson_body()).replace("[]", "[1e400]").encode()

    problem(api(alice).post(LESSONS, body, content_type="application/json"), 400, "invalid", "students.0")


@pytest.mark.parametrize("body", [b"[]", b'"lesson"', b"1", b"1.5", b"true", b"null", b"[" * 20 + b"]" * 20])
def test_json_that_is_no_object_is_refused(body: bytes, alice: User) -> None:
    with nothing_written():
        response = api(alice).post(LESSONS, body, content_type="application/json")

    problem(response, 400, "invalid", None)


def test_a_body_over_a_megabyte_is_refused(alice: User) -> None:
    with nothing_written():
        response = api(alice).post(LESSONS, b" " * 1_000_001, content_type="application/json")

    problem(response, 413, "body_too_large", None)


def test_a_body_of_a_megabyte_is_read(alice: User) -> None:
    body = json.dumps(lesson_body()).encode().ljust(1_000_000)

    assert api(alice).post(LESSONS, body, content_type="application/json").status_code == 201


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "json"],
)
def test_what_does_not_say_that_it_is_json_is_refused(content_type: str, alice: User) -> None:
    with nothing_written():
        response = api(alice).post(LESSONS, json.dumps(lesson_body()), content_type=content_type)

    problem(response, 415, "unsupported_media_type", None)


def test_a_body_in_chunks_is_not_taken_for_an_empty_one(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    with nothing_written():
        response = api(alice).post(url(lesson, "cancel"), headers={"Transfer-Encoding": "chunked"})

    problem(response, 411, "length_required", None)


def test_json_with_a_charset_is_read(alice: User) -> None:
    body = json.dumps(lesson_body(title="Алгебра"), ensure_ascii=False).encode()

    response = api(alice).post(LESSONS, body, content_type="application/json; charset=utf-8")

    assert response.json()["title"] == "Алгебра"
