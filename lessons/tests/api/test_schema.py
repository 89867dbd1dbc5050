"""The OpenAPI description: valid, complete, and what clients are generated from."""

import re
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from lessons.models import Lesson, User
from lessons.tests.api.client import MEMBERS, api, url
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

    assert operations.keys() == {
        *("POST /auth/token/", "POST /auth/token/refresh/", "POST /auth/logout/"),
        *("GET /me/", "PATCH /me/", "POST /me/calendar/rotate/", "GET /users/", "GET /users/{id}/photo/"),
        *("GET /lessons/", "POST /lessons/", "GET /lessons/{id}/", "PATCH /lessons/{id}/", "GET /lessons/{id}/events/"),
        *(f"POST /lessons/{{id}}/{name}/" for name in transitions),
        *("GET /lessons/calendar.ics", "GET /calendar/{secret}.ics"),
        *("GET /dispatches/", "GET /dispatches/{id}/", "POST /dispatches/{id}/redeliver/"),
        *("GET /deliveries/", "GET /deliveries/{id}/", "POST /deliveries/{id}/redeliver/"),
        *("GET /chord-runs/", "GET /chord-runs/{id}/"),
    }


def test_every_operation_says_what_it_does(schema: dict[str, Any], operations: dict[str, Operation]) -> None:
    described = {tag["name"] for tag in schema["tags"] if tag["description"]}

    assert all(operation["summary"] for operation in operations.values())
    assert {tag for operation in operations.values() for tag in operation["tags"]} == described
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


def is_public(name: str) -> bool:
    return name.startswith(("POST /auth/", "GET /calendar/"))


def test_every_operation_says_how_it_refuses(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        is_read = name.startswith("GET")
        expected = {"400", "406", "503"}
        expected |= {"401"} if not name.startswith("GET /calendar/") else set()
        expected |= {"429"} if not is_public(name) or name == "POST /auth/token/" else set()
        expected |= {"411", "413", "415"} if not is_read else set()
        expected |= {"403"} if not is_read and not is_public(name) else set()
        expected |= {"404"} if "{" in name else set()
        expected |= {"409", "412"} if "/lessons/{id}/" in name and not is_read else set()
        expected |= {"409", "422"} if takes(operation, "Idempotency-Key") else set()
        assert refusals.keys() - {"403"} == expected - {"403"}, name
        assert refusals.keys() >= expected, name
        assert all(answer["description"] for answer in refusals.values())
        assert all(answer["content"].keys() == {"application/problem+json"} for answer in refusals.values())


def takes(operation: Operation, header: str) -> bool:
    return header in {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"}


def test_what_can_be_asked_for_twice_takes_a_key(operations: dict[str, Operation]) -> None:
    with_key = {name for name, operation in operations.items() if takes(operation, "Idempotency-Key")}

    assert with_key == {
        "POST /lessons/",
        *(f"POST /lessons/{{id}}/{name}/" for name in ("schedule", "reschedule", "start", "complete", "cancel")),
        *("POST /dispatches/{id}/redeliver/", "POST /deliveries/{id}/redeliver/"),
    }


def test_every_refusal_is_shown_by_an_example_of_each_of_its_codes(
    schema: dict[str, Any], operations: dict[str, Operation]
) -> None:
    problems, met = schema["components"]["examples"], set()
    for operation in operations.values():
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values() if status >= "400" else ():
                codes = [example["$ref"].rpartition("/")[2] for example in content["examples"].values()]
                assert codes
                assert {problems[code]["value"]["status"] for code in codes} == {int(status)}
                met |= set(codes)

    assert met == problems.keys() - {"bad_request", "method_not_allowed", "error"}
    assert set(schema["components"]["schemas"]["ProblemCode"]["enum"]) == problems.keys()
    assert all(example["value"].keys() >= MEMBERS for example in problems.values())


def test_every_answer_and_every_body_is_shown_by_an_example(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        shown = [answer for status, answer in operation["responses"].items() if status < "300"]
        if "requestBody" in operation and name != "POST /me/calendar/rotate/":
            shown.append({"content": {"application/json": operation["requestBody"]["content"]["application/json"]}})
        for content in (content for one in shown for content in one.get("content", {}).values()):
            assert content.get("examples") or content["schema"] == {"type": "string", "format": "binary"}, name


def test_examples_fit_what_they_are_examples_of(schema: dict[str, Any], operations: dict[str, Operation]) -> None:
    """As strictly as a validating client would look at them."""
    checker = Draft202012Validator.FORMAT_CHECKER
    parts = [
        *operations.values(),
        *({"responses": {"x": {"content": {"y": problem}}}} for problem in problems_of(schema)),
    ]
    checked = 0
    for operation in parts:
        for holder in (*operation["responses"].values(), operation.get("requestBody", {})):
            for content in holder.get("content", {}).values():
                described = {**content["schema"], "components": schema["components"]}
                for example in content.get("examples", {}).values():
                    if "value" in example:
                        Draft202012Validator(described, format_checker=checker).validate(example["value"])
                        checked += 1
    assert checked > 60


def problems_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    described = {"$ref": "#/components/schemas/Problem"}
    return [
        {"schema": described, "examples": {code: example}} for code, example in schema["components"]["examples"].items()
    ]


def test_bodies_are_json_but_for_the_photo(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        types = operation.get("requestBody", {}).get("content", {"application/json": None}).keys()
        assert types == {"application/json", *(["multipart/form-data"] if name == "PATCH /me/" else [])}


def test_ids_are_integers_but_for_runs(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                is_text = name in ("GET /chord-runs/{id}/", "GET /calendar/{secret}.ics")
                assert parameter["schema"]["type"] == ("string" if is_text else "integer"), name


def test_every_operation_says_what_login_it_takes(schema: dict[str, Any], operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        assert operation["security"] == ([] if is_public(name) else [{"jwtAuth": []}, {"cookieAuth": []}]), name
    assert all(scheme["description"] for scheme in schema["components"]["securitySchemes"].values())


def test_lists_have_pages(operations: dict[str, Operation]) -> None:
    for name in ("lessons", "lessons/{id}/events", "users", "dispatches", "deliveries", "chord-runs"):
        names = {parameter["name"] for parameter in operations[f"GET /{name}/"]["parameters"]}
        assert names >= {"cursor", "page_size"}


def test_what_unknown_fields_are_refused_of_says_so(schema: dict[str, Any]) -> None:
    inputs = {name: part for name, part in schema["components"]["schemas"].items() if name.endswith("Request")}

    assert len(inputs) > 7
    assert all(part["additionalProperties"] is False for part in inputs.values())


def test_the_introduction_tells_how_things_will_change(schema: dict[str, Any]) -> None:
    for word in ("deprecated", "Sunset", "RFC 9457", "Idempotency-Key"):
        assert word in schema["info"]["description"]


FILE = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


def test_the_file_in_docs_is_what_the_code_describes(schema: dict[str, Any]) -> None:
    described = OpenApiYamlRenderer().render(schema, renderer_context={}).decode()

    assert FILE.read_text() == described, "The API's description has changed: run `make schema`."


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
    assert properties(schema, operations[name]).keys() == {"access", "refresh"}
