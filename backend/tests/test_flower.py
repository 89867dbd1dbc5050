"""Who gets to see Flower: nginx asks, Django answers."""

import base64
from typing import Any

import pytest
from django.test import Client

from lessons.models import User
from lessons.tests.people import Manager, Student, Teacher

ADDRESS = "/internal/flower/"
pytestmark = pytest.mark.django_db


def answer(person: User | None) -> Any:
    client = Client()
    if person:
        client.force_login(person)
    return client.get(ADDRESS)


def test_staff_may_and_nginx_learns_what_flower_wants_to_hear(settings: Any) -> None:
    settings.FLOWER_BASIC_AUTH = "flower:päss"

    response = answer(Manager(username="maria"))

    assert (response.status_code, response.content) == (204, b"")
    kind, credentials = response["X-Flower-Authorization"].split()
    assert (kind, base64.b64decode(credentials).decode()) == ("Basic", "flower:päss")
    assert "no-store" in response["Cache-Control"]


def test_nobody_else_may() -> None:
    gone = Manager(username="gone", is_active=False)
    refused = [answer(None), answer(Student(username="bob")), answer(Teacher(username="alice")), answer(gone)]

    assert [response.status_code for response in refused] == [401, 403, 403, 401]
    assert not any(response.has_header("X-Flower-Authorization") for response in refused)


def test_it_is_only_asked() -> None:
    assert Client().post(ADDRESS).status_code == 405
