"""A token's signature is checked once; what may change since then, at every request."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from lessons.api import tokens
from lessons.models import User
from lessons.tests.api.client import api, problem
from lessons.tests.people import PASSWORD

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"


@pytest.fixture
def seen(alice: User) -> dict[str, str]:
    """The header with a token of Alice's that has let her in already."""
    tokens._verified.cache_clear()
    header = {"Authorization": f"Bearer {AccessToken.for_user(alice)}"}
    assert api().get(ME, headers=header).status_code == 200
    return header


def test_a_signature_is_checked_once(seen: dict[str, str]) -> None:
    assert api().get(ME, headers=seen).status_code == 200

    assert tokens._verified.cache_info()[:2] == (1, 1)


def test_a_token_that_has_been_seen_is_refused_when_its_time_is_over(seen: dict[str, str]) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        problem(api().get(ME, headers=seen), 401, "token_not_valid", None)


def test_a_token_that_has_been_seen_does_not_outlive_its_password(seen: dict[str, str], alice: User) -> None:
    alice.set_password(f"not {PASSWORD}")
    alice.save()

    problem(api().get(ME, headers=seen), 401, "password_changed", None)


def test_who_is_deactivated_is_refused_with_a_token_that_has_been_seen(seen: dict[str, str], alice: User) -> None:
    alice.is_active = False
    alice.save()

    problem(api().get(ME, headers=seen), 401, "user_inactive", None)


def test_what_only_resembles_a_token_that_has_been_seen_is_refused(seen: dict[str, str]) -> None:
    forged = seen["Authorization"][:-2] + ("AA" if not seen["Authorization"].endswith("AA") else "BB")

    problem(api().get(ME, headers={"Authorization": forged}), 401, "token_not_valid", None)
    assert tokens._verified.cache_info().currsize == 1
