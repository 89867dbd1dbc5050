"""Addresses that lead nowhere."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from lessons.models import User
from lessons.tests.api.client import LESSONS, api, problem, url
from lessons.tests.people import draft
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

UNKNOWN = [
    "/api/v1/",
    "/api/v1/nonsense/",
    "/api/v1/lessons/one/",
    "/api/v1/lessons/-1/",
    "/api/v1/lessons/1.0/",
    "/api/v1/lessons/٣/",
    "/api/v1/lessons//",
    "/api/v1/lessons/1/explode/",
    "/api/v1/lessons/1/Start/",
    "/api/v1/lessons/1/start/now/",
    "/api/v1/%00/",
    "/api/v1/%ff%fe/",
    "/api/v1/lessons/%F0%9F%98%80/",
    "/api/v1/../../etc/passwd",
]


@pytest.mark.parametrize("address", UNKNOWN)
@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "options"])
def test_an_unknown_address_is_a_problem(verb: str, address: str, alice: User) -> None:
    problem(getattr(api(alice), verb)(address), 404, "not_found", None)


def test_an_unknown_method_at_an_unknown_address_is_one_too(alice: User) -> None:
    problem(api(alice).generic("PROPFIND", "/api/v1/nonsense/"), 404, "not_found", None)


@pytest.mark.parametrize("address", ["/api/", "/api/v2/lessons/", "/api/v1x/"])
@pytest.mark.parametrize("debug", [False, True])
def test_outside_of_the_version_nobody_is_asked_who_they_are(address: str, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug  # which would have Django answer with a page of its own

    for verb in ("get", "post"):
        problem(getattr(APIClient(), verb)(address), 404, "not_found", None)


def test_a_forgotten_slash_is_pointed_out(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written():
        responses = [api(alice).post(LESSONS[:-1], {}), api(alice).post(url(lesson, "start")[:-1], {})]

    assert "/api/v1/lessons/" in problem(responses[0], 404, "not_found")["detail"]
    assert url(lesson, "start") in problem(responses[1], 404, "not_found")["detail"]
    assert "slash" not in problem(api(alice).get("/api/v1/nonsense"), 404, "not_found")["detail"]
