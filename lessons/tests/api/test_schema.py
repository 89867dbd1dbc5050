"""The OpenAPI description: valid, complete, and what clients are generated from."""

import re
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from lessons.models import Lesson, User
from lessons.tests.api.client import api, url
from lessons.tests.people import scheduled

Operation = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    description: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return description


@pytest.fixture(scope="module")
def operations(schema: dict[str, Any]) -> dict[str, Operation]:
    """By method and path."""
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_valid_openapi(schema: dict[str, Any]) -> None:
    assert schema["openapi"] == "3.1.0"
    validate_schema(schema)


def test_it_has_every_operation_that_is_promised(operations: dict[str, Operation]) -> None:
    transitions = ("schedule", "reschedule", "start", "complete", "cancel")

    assert operations.keys() >= {
        *("POST /auth/token/", "POST /auth/token/refresh/", "GET /me/", "PATCH /me/"),
        *("GET /lessons/", "POST /lessons/", "GET /lessons/{id}/", "PATCH /lessons/{id}/", "GET /lessons/{id}/events/"),
        *(f"POST /lessons/{{id}}/{name}/" for name in transitions),
        "GET /dispatches/{id}/",
    }


def test_every_operation_says_what_it_does(schema: dict[str, Any], operations: dict[str, Operation]) -> None:
    described = {tag["name"] for tag in schema["tags"] if tag["description"]}

    assert all(operation["summary"] for operation in operations.values())
    assert {tag for operation in operations.values() for tag in operation["tags"]} == described
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


def test_every_operation_says_how_it_refuses(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        expected = {"400", "401", "406", "503"}
        expected |= {"411", "413", "415"} if not name.startswith("GET") else set()
        expected |= {"403", "404"} if "{id}" in name else set()
        expected |= {"409", "412"} if "{id}" in name and not name.startswith("GET") else set()
        assert refusals.keys() >= expected, name
        assert all(answer["description"] for answer in refusals.values())
        assert all(answer["content"].keys() == {"application/problem+json"} for answer in refusals.values())


def test_bodies_are_json_and_nothing_else(operations: dict[str, Operation]) -> None:
    for operation in operations.values():
        assert operation.get("requestBody", {}).get("content", {"application/json": None}).keys() == {
            "application/json"
        }


def test_ids_are_integers(operations: dict[str, Operation]) -> None:
    in_paths = [
        parameter
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    ]

    assert in_paths
    assert {parameter["schema"]["type"] for parameter in in_paths} == {"integer"}


def test_what_needs_no_token_says_so(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        assert (operation.get("security", []) in ([], [{}])) == name.startswith("POST /auth/token/"), name


def test_a_token_and_a_transition_are_shown_by_examples(operations: dict[str, Operation]) -> None:
    for name in ("POST /auth/token/", "POST /lessons/", "POST /lessons/{id}/start/", "POST /lessons/{id}/reschedule/"):
        assert operations[name]["requestBody"]["content"]["application/json"]["examples"], name


def properties(schema: dict[str, Any], operation: Operation, status: str = "200") -> dict[str, Any]:
    reference = operation["responses"][status]["content"]["application/json"]["schema"]["$ref"]
    component: dict[str, Any] = schema["components"]["schemas"][reference.rpartition("/")[2]]
    assert set(component["required"]) == component["properties"].keys()
    return component["properties"]


@pytest.mark.django_db
def test_answers_have_exactly_the_members_that_are_described(
    schema: dict[str, Any], operations: dict[str, Operation], alice: User, bob: User
) -> None:
    lesson: Lesson = scheduled(alice, bob)
    client = api(alice)
    event = lesson.events.latest("id")

    for name, answer in {
        "GET /me/": client.get("/api/v1/me/"),
        "GET /lessons/{id}/": client.get(url(lesson)),
        "PATCH /lessons/{id}/": client.patch(url(lesson), {}),
        "GET /dispatches/{id}/": client.get(f"/api/v1/dispatches/{event.pk}/"),
        "GET /lessons/": client.get("/api/v1/lessons/"),
        "POST /lessons/{id}/start/": client.post(url(lesson, "start")),
    }.items():
        assert answer.json().keys() == properties(schema, operations[name]).keys(), name


@pytest.mark.parametrize("name", ["POST /auth/token/", "POST /auth/token/refresh/"])
def test_the_tokens_are_described(name: str, schema: dict[str, Any], operations: dict[str, Operation]) -> None:
    tokens = {"access", "refresh"} if name == "POST /auth/token/" else {"access"}

    assert properties(schema, operations[name]).keys() == tokens
