"""Refresh tokens leave the table when they have expired, used or not; those that are good stay."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from lessons.models import User
from lessons.notifications.prune import prune

pytestmark = pytest.mark.django_db


def test_what_has_expired_goes_and_what_was_ended_stays_ended(alice: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=8)):
        for _ in range(2):
            RefreshToken.for_user(alice).blacklist()
        RefreshToken.for_user(alice)
    ended, good = RefreshToken.for_user(alice), RefreshToken.for_user(alice)
    ended.blacklist()

    assert prune() == 3

    assert set(OutstandingToken.objects.values_list("jti", flat=True)) == {ended["jti"], good["jti"]}
    assert BlacklistedToken.objects.get().token.jti == ended["jti"]
