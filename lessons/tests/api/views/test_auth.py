"""Tokens and sessions: who one has to be to be served, and how one is told otherwise."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from lessons.models import User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, url
from lessons.tests.people import PASSWORD, draft
from lessons.tests.racing import race
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

TOKEN, REFRESH, ME = "/api/v1/auth/token/", "/api/v1/auth/token/refresh/", "/api/v1/me/"
LOGOUT = "/api/v1/auth/logout/"
TAMPERED = "eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoxfQ."  # algorithm none, no signature


def test_a_password_gets_tokens_and_a_token_gets_in(alice: User) -> None:
    tokens = api().post(TOKEN, {"username": "alice", "password": PASSWORD}).json()

    assert tokens.keys() == {"access", "refresh"}
    assert api().get(ME, headers={"Authorization": f"Bearer {tokens['access']}"}).json()["username"] == "alice"


def test_a_refresh_token_gets_a_new_pair_once(alice: User) -> None:
    old = str(RefreshToken.for_user(alice))

    new = api().post(REFRESH, {"refresh": old}).json()

    assert new.keys() == {"access", "refresh"}
    assert api().get(ME, headers={"Authorization": f"Bearer {new['access']}"}).status_code == 200
    problem(api().post(REFRESH, {"refresh": old}), 401, "token_not_valid", None)
    assert api().post(REFRESH, {"refresh": new["refresh"]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_several_who_come_with_one_refresh_token_one_gets_a_pair(alice: User) -> None:
    token = str(RefreshToken.for_user(alice))

    answers = race([lambda: api().post(REFRESH, {"refresh": token}).status_code] * 5)

    assert sorted(answers) == [200, 401, 401, 401, 401]


def test_who_logs_out_refreshes_no_more(alice: User) -> None:
    tokens = api().post(TOKEN, {"username": "alice", "password": PASSWORD}).json()

    response = api().post(LOGOUT, {"refresh": tokens["refresh"]})

    assert (response.status_code, response.content) == (204, b"")
    problem(api().post(REFRESH, {"refresh": tokens["refresh"]}), 401, "token_not_valid", None)
    problem(api().post(LOGOUT, {"refresh": tokens["refresh"]}), 401, "token_not_valid", None)
    assert api().post(TOKEN, {"username": "alice", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"refresh": 5}, {"refresh": "a", "no": 1}])
def test_a_logout_with_a_fault_is_refused_by_name(body: dict[str, Any]) -> None:
    problem(api().post(LOGOUT, body), 400, "invalid", "no" if "no" in body else "refresh")


def test_a_new_password_ends_all_tokens(alice: User) -> None:
    client, refresh = api(alice), str(RefreshToken.for_user(alice))
    alice.set_password("another-horse-8")
    alice.save()

    problem(client.get(ME), 401, "password_changed", None)
    problem(api().post(REFRESH, {"refresh": refresh}), 401, "password_changed", None)


@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", "wrong"), ("Alice", PASSWORD), ("nobody", PASSWORD), ("gone", PASSWORD), ("alice", PASSWORD + " ")],
)
def test_who_is_not_known_by_this_password_gets_no_token(username: str, password: str, alice: User, bob: User) -> None:
    bob.username, bob.is_active = "gone", False
    bob.save()

    response = api().post(TOKEN, {"username": username, "password": password})

    problem(response, 401, "no_active_account", None)
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    ("body", "attrs"),
    [
        ({}, ["username", "password"]),
        ({"username": "alice"}, ["password"]),
        ({"username": 5, "password": True}, ["username", "password"]),
        ({"username": None, "password": []}, ["username", "password"]),
        ({"username": "a\x00", "password": "b\x00"}, ["username", "password"]),
        ({"username": "a" * 151, "password": "a" * 129}, ["username", "password"]),
        ({"username": "alice", "password": PASSWORD, "role": "admin"}, ["role"]),
    ],
)
def test_a_login_with_a_fault_is_refused_by_name(body: dict[str, Any], attrs: list[str], alice: User) -> None:
    problem(api().post(TOKEN, body), 400, "invalid", *attrs)


@pytest.mark.parametrize("refresh", ["", 5, None, True, [], "a\x00b"])
def test_a_refresh_token_is_a_text(refresh: Any) -> None:
    problem(api().post(REFRESH, {"refresh": refresh}), 400, "invalid", "refresh")


@pytest.mark.parametrize("refresh", ["garbage", "a.b.c", "ключ", TAMPERED])
def test_a_refresh_token_that_is_none_of_ours_gets_nothing(refresh: str) -> None:
    problem(api().post(REFRESH, {"refresh": refresh}), 401, "token_not_valid", None)


def test_an_access_token_refreshes_nothing(alice: User) -> None:
    problem(api().post(REFRESH, {"refresh": str(AccessToken.for_user(alice))}), 401, "token_not_valid", None)


def test_a_deactivated_person_refreshes_nothing(alice: User) -> None:
    token = str(RefreshToken.for_user(alice))
    alice.is_active = False
    alice.save()

    problem(api().post(REFRESH, {"refresh": token}), 401, "user_inactive", None)


@pytest.mark.parametrize("way", ["token", "session"])
def test_a_deactivated_person_is_out_at_once(way: str, alice: User) -> None:
    client = api(alice) if way == "token" else APIClient()
    client.force_login(alice) if way == "session" else None
    assert client.get(ME).status_code == 200
    alice.is_active = False
    alice.save()

    with nothing_written():
        response = client.post(LESSONS, lesson_body(), format="json")

    problem(response, 401, "user_inactive" if way == "token" else "not_authenticated", None)


def test_an_access_token_lasts_a_quarter_of_an_hour(alice: User) -> None:
    client = api(alice)

    with time_machine.travel(timezone.now() + timedelta(minutes=14), tick=False):
        assert client.get(ME).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        problem(client.get(ME), 401, "token_not_valid", None)


HEADERS = {
    "none": None,
    "empty": "",
    "no token": "Bearer",
    "garbage": "Bearer garbage",
    "two tokens": "Bearer a b",
    "without signature": f"Bearer {TAMPERED}",
    "not ASCII": "Bearer \xff\xfe",
    "another scheme": "Basic YWxpY2U6cGFzc3dvcmQ=",
    "no scheme": "garbage",
    "a long one": f"Bearer {'a' * 8000}",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_without_a_good_token_there_is_nothing_but_401(header: str | None, alice: User) -> None:
    client = APIClient() if header is None else APIClient(HTTP_AUTHORIZATION=header)

    with nothing_written():
        for response in (client.get(ME), client.post(LESSONS, lesson_body(), format="json"), client.get("/api/v1/x/")):
            body = problem(response, 401, response.json()["code"], None)
            assert len(body["errors"]) == 1
            assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_refresh_token_is_no_access_token(alice: User) -> None:
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(alice)}")

    problem(client.get(ME), 401, "token_not_valid", None)


def test_a_session_changes_nothing_without_the_csrf_token(alice: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.get(ME).status_code == 200
    with nothing_written():
        response = client.post(LESSONS, lesson_body(), format="json")
    problem(response, 403, "permission_denied", None)


FORMS = {
    "a huge one": (b"a=" + b"b" * 3_000_000, "application/x-www-form-urlencoded"),
    "one of 2,000 fields": (b"&".join([b"a=b"] * 2_000), "application/x-www-form-urlencoded"),
    "one with the token": (b"csrfmiddlewaretoken=" + b"a" * 32, "application/x-www-form-urlencoded"),
    "one without boundary": (b"garbage", "multipart/form-data"),
    "one without end": (b"--x\r\ngarbage", "multipart/form-data; boundary=x"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_sent_with_a_session_is_not_even_looked_into(form: tuple[bytes, str], alice: User) -> None:
    body, content_type = form
    client = APIClient(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(alice)
    client.cookies["csrftoken"] = token = "a" * 32

    with nothing_written():
        without_token = client.post(LESSONS, body, content_type=content_type)
        with_token = client.post(LESSONS, body, content_type=content_type, headers={"X-CSRFToken": token})

    problem(without_token, 403, "permission_denied", None)
    problem(with_token, 415, "unsupported_media_type", None)


def test_with_a_session_too_what_one_may_not_see_comes_before_what_is_malformed(alice: User, anna: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    client.cookies["csrftoken"] = token = "a" * 32
    lesson = draft(anna)

    for address in (url(lesson, "start"), "/api/v1/nonsense/"):
        response = client.post(address, b"{", content_type="application/json", headers={"X-CSRFToken": token})
        problem(response, 404, "not_found", None)
