"""Answers are kept for a day; refresh tokens until they have expired, used or not."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from lessons.models import IdempotencyRecord, User
from lessons.retention import batches
from lessons.retention.answers_and_tokens import remove_answers
from lessons.retention.prune import prune

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


@pytest.mark.parametrize(("hours", "gone"), [(23, False), (25, True)])
def test_a_stored_answer_is_removed_after_a_day(hours: int, gone: bool, alice: User) -> None:
    IdempotencyRecord.objects.create(user=alice, key="k", fingerprint="f", status=201, body={})
    IdempotencyRecord.objects.update(created_at=F("created_at") - timedelta(hours=hours))

    prune()

    assert IdempotencyRecord.objects.exists() != gone


def test_answers_are_removed_batch_by_batch(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", 2)
    for n in range(5):
        IdempotencyRecord.objects.create(user=alice, key=str(n), fingerprint="f", status=201, body={})
    IdempotencyRecord.objects.update(created_at=F("created_at") - timedelta(hours=25))

    assert list(remove_answers()) == [2, 2, 1]
