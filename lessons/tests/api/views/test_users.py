"""Who finds whom."""

from typing import Any

import pytest

from lessons.models import User
from lessons.tests.api.client import api, problem
from lessons.tests.people import Student

pytestmark = pytest.mark.django_db

USERS = "/api/v1/users/"


@pytest.fixture
def school(alice: User, anna: User, bob: User, carol: User, maria: User, root: User) -> User:
    """Everybody, and Gary, who has left."""
    return Student(username="gary", is_active=False)


def found(reader: User, **query: Any) -> list[str]:
    response = api(reader).get(USERS, query)
    assert response.status_code == 200, response.content
    return [person["username"] for person in response.json()["results"]]


@pytest.mark.parametrize("who", ["maria", "root"])
def test_managers_find_everybody_with_how_to_reach_them(
    who: str, school: User, bob: User, request: pytest.FixtureRequest
) -> None:
    reader = request.getfixturevalue(who)

    assert found(reader) == ["alice", "anna", "bob", "carol", "maria", "root", "gary"]
    shown = {person["username"]: person for person in api(reader).get(USERS).json()["results"]}
    assert shown["bob"] == {
        "id": bob.pk,
        "username": "bob",
        "full_name": "Bob",
        "role": "student",
        "email": "bob@school.example",
        "phone": bob.phone,
        "is_active": True,
    }
    assert shown["gary"]["is_active"] is False


def test_teachers_find_students_by_name_and_no_more(school: User, alice: User, bob: User) -> None:
    assert found(alice) == ["bob", "carol"]
    assert found(alice, role="teacher") == []
    assert api(alice).get(USERS).json()["results"][0] == {"id": bob.pk, "username": "bob", "full_name": "Bob"}


def test_students_find_nobody(school: User, bob: User) -> None:
    problem(api(bob).get(USERS, {"no": 1}), 403, "permission_denied", None)


def test_people_are_found_by_role_and_by_parts_of_their_names(school: User, maria: User) -> None:
    Student(username="d.ivanova", full_name="Дарья Иванова")

    assert found(maria, role="teacher") == ["alice", "anna"]
    assert found(maria, search="иван") == ["d.ivanova"]
    assert found(maria, search="AN", role="teacher") == ["anna"]
    assert found(maria, search="%") == []
    assert found(maria, search="school.example") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("role", "principal"), ("role", ""), ("search", ""), ("search", "a\x00"), ("search", "a" * 201), ("no", "1")],
)
def test_an_unknown_parameter_or_value_is_named(name: str, value: str, maria: User) -> None:
    problem(api(maria).get(USERS, {name: value}), 400, "invalid", name)


def test_a_list_takes_two_queries_and_has_pages(school: User, maria: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        page = api(maria).get(USERS, {"page_size": "4"}).json()

    assert [person["username"] for person in api(maria).get(page["next"]).json()["results"]] == [
        "maria",
        "root",
        "gary",
    ]


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_people_are_not_made_here(verb: str, maria: User) -> None:
    problem(getattr(api(maria), verb)(USERS, {"username": "eve", "role": "admin"}), 405, "method_not_allowed", None)
