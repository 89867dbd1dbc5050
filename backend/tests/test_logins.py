"""Ten failed logins per account in a quarter of an hour, a hundred per address: after that nobody is even asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessFailureLog
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from lessons.models import User
from lessons.tests.people import PASSWORD, Manager

NOON = datetime(2027, 9, 1, 12, 0, 0, tzinfo=UTC)
API, SITE, ADMIN = "/api/v1/auth/token/", "/accounts/login/", "/admin/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def maria(settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return Manager(username="maria")


PROGRAM, BROWSER = APIClient(), Client()  # for all tests: each loads the middleware anew


def log_in(door: str, username: str, password: str = "wrong", **headers: str) -> Any:
    body = {"username": username, "password": password}
    if door == API:
        return PROGRAM.post(door, body, format="json", **headers)
    BROWSER.cookies.clear()
    return BROWSER.post(door, body, **headers)


def is_in(response: Any) -> bool:
    return response.status_code == 302 or (response.status_code == 200 and b'"access"' in response.content)


DOORS = pytest.mark.parametrize("door", [API, SITE, ADMIN])


@DOORS
def test_ten_failures_are_answered_as_ever_and_the_next_try_not_at_all(door: str, maria: User) -> None:
    usual = 401 if door == API else 200

    assert [log_in(door, "maria").status_code for _ in range(10)] == [usual] * 10
    for password in ("wrong", PASSWORD):
        refused = log_in(door, "maria", password)
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 15 * 60


def test_the_api_refuses_with_a_problem(maria: User) -> None:
    for _ in range(10):
        log_in(API, "maria")

    refused = log_in(API, "maria", PASSWORD, HTTP_ACCEPT_LANGUAGE="ru")

    body = refused.json()
    assert refused["Content-Type"] == "application/problem+json"
    assert (body["status"], body["code"], body["instance"]) == (429, "too_many_logins", API)
    assert body["request_id"] == refused["X-Request-ID"]
    assert "WWW-Authenticate" not in refused.headers


@pytest.mark.parametrize("door", [SITE, ADMIN])
def test_people_are_told_on_a_page_how_long_to_wait(door: str, maria: User) -> None:
    for _ in range(10):
        log_in(door, "maria")

    page = log_in(door, "maria", PASSWORD)

    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "15 minutes" in page.content.decode()


def test_the_doors_are_one_for_the_count(maria: User) -> None:
    for number in range(10):
        log_in((API, SITE, ADMIN)[number % 3], "maria")

    assert [log_in(door, "maria", PASSWORD).status_code for door in (API, SITE, ADMIN)] == [429] * 3


@DOORS
def test_the_window_slides_and_a_refusal_makes_it_no_longer(door: str, maria: User) -> None:
    for minute in range(10):
        with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
            log_in(door, "maria")
    with time_machine.travel(NOON + timedelta(minutes=10), tick=False):
        refused = log_in(door, "maria", PASSWORD)
        assert int(refused["Retry-After"]) == 5 * 60
    with time_machine.travel(NOON + timedelta(minutes=14, seconds=59), tick=False):
        assert log_in(door, "maria", PASSWORD).status_code == 429
    with time_machine.travel(NOON + timedelta(minutes=15), tick=False):
        assert is_in(log_in(door, "maria", PASSWORD))
        log_in(door, "maria")
        assert log_in(door, "maria", PASSWORD).status_code == 429
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        assert is_in(log_in(door, "maria", PASSWORD))
        log_in(door, "maria")
        assert AccessFailureLog.objects.count() == 1  # those that count no more are gone


def test_a_success_forgives_nothing(maria: User) -> None:
    for _ in range(9):
        log_in(API, "maria")
    assert is_in(log_in(API, "maria", PASSWORD))
    log_in(API, "maria")

    assert log_in(API, "maria", PASSWORD).status_code == 429


def test_others_are_not_locked_out_and_nobody_learns_who_has_an_account(maria: User) -> None:
    Manager(username="mona")
    known = [log_in(API, "maria").status_code for _ in range(11)]
    unknown = [log_in(API, "nobody").status_code for _ in range(11)]

    assert known == unknown == [401] * 10 + [429]
    assert is_in(log_in(API, "mona", PASSWORD))


def test_a_hundred_failures_lock_an_address_whoever_it_tries(maria: User, settings: Any) -> None:
    settings.LOGIN_FAILURES_PER_ADDRESS = 7
    attacker = {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "10.0.0.1"}

    guesses = [log_in(API, f"user_{number}", **attacker).status_code for number in range(8)]

    assert guesses == [401] * 7 + [429]
    assert log_in(ADMIN, "maria", PASSWORD, **attacker).status_code == 429
    assert is_in(log_in(ADMIN, "maria", PASSWORD, REMOTE_ADDR="192.0.2.8"))


@pytest.mark.parametrize(
    ("command", "forgives"),
    [
        (["axes_reset_username", "maria"], True),
        (["axes_reset_username", "mona"], False),
        (["axes_reset_ip", "127.0.0.1"], True),
        (["axes_reset_ip_username", "127.0.0.1", "mona"], False),
        (["axes_reset"], True),
    ],
)
def test_an_operator_lets_somebody_in_again(command: list[str], forgives: bool, maria: User) -> None:
    for _ in range(10):
        log_in(API, "maria")

    call_command(*command)

    assert is_in(log_in(API, "maria", PASSWORD)) is forgives


def test_the_limits_are_those_that_are_promised(settings: Any) -> None:
    assert (settings.LOGIN_FAILURES_PER_ACCOUNT, settings.LOGIN_FAILURES_PER_ADDRESS) == (10, 100)
    assert timedelta(minutes=15) == settings.LOGIN_FAILURES_WINDOW


def test_what_a_client_claims_about_its_address_does_not_count() -> None:
    log_in(API, "nobody", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_X_REAL_IP="203.0.113.9")

    assert AccessFailureLog.objects.get().ip_address == "192.0.2.7"


@DOORS
def test_what_comes_along_with_a_login_breaks_nothing(door: str) -> None:
    odd = {"HTTP_USER_AGENT": "a" * 3000, "HTTP_ACCEPT": "*/*" + ";" * 3000, "REMOTE_ADDR": ""}

    assert log_in(door, "ключ" * 30, "😀", **odd).status_code < 500


def test_nobodys_password_is_kept(maria: User) -> None:
    for door in (API, SITE, ADMIN):
        log_in(door, "maria", "s3cret-horse")

    assert not [row for row in AccessFailureLog.objects.values() if "s3cret" in str(row)]
