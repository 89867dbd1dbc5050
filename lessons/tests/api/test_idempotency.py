"""What is asked for again is done once and answered alike."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import ProgrammingError, connection
from django.utils import timezone

from lessons import lifecycle
from lessons.models import Delivery, IdempotencyRecord, Lesson, Redelivery, User
from lessons.notifications.expand import expand
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, times, url
from lessons.tests.people import draft, scheduled
from lessons.tests.racing import race
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db

KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}


def is_replay_of(second: Any, first: Any) -> bool:
    """Byte by byte, with the headers that a client goes on with."""
    same = ("Content-Type", "ETag", "Location")
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert {name: second.get(name) for name in same} == {name: first.get(name) for name in same}
    return bool((second.status_code, second.content) == (first.status_code, first.content))


def test_a_lesson_is_created_once(alice: User, bob: User) -> None:
    body = lesson_body(bob)

    first, second = (api(alice).post(LESSONS, body, headers=KEY) for _ in range(2))

    assert first.status_code == 201
    assert is_replay_of(second, first)
    assert second["Location"]
    assert Lesson.objects.count() == 1


@pytest.mark.parametrize("name", ["schedule", "reschedule", "start", "cancel"])
def test_a_transition_is_made_once(name: str, alice: User, bob: User) -> None:
    lesson = draft(alice, bob) if name == "schedule" else scheduled(alice, bob)
    body = times(15) if name == "reschedule" else {"reason": "as agreed"}

    first, second = (api(alice).post(url(lesson, name), body, headers=KEY) for _ in range(2))

    assert first.status_code == 200
    assert is_replay_of(second, first)
    assert len(history(lesson)) == lesson.version + 1


@pytest.mark.parametrize("of", ["dispatch", "delivery"])
def test_a_redelivery_is_asked_for_once(of: str, alice: User, bob: User) -> None:
    event = draft(alice, bob).events.get()
    expand()
    Delivery.objects.filter(channel="sms").update(state="dead")
    dead = Delivery.objects.filter(state="dead").first()
    assert dead
    address = f"/api/v1/dispatches/{event.pk}/" if of == "dispatch" else f"/api/v1/deliveries/{dead.pk}/"

    first, second = (api(alice).post(f"{address}redeliver/", {}, headers=KEY) for _ in range(2))

    assert first.status_code == 202
    assert is_replay_of(second, first)
    assert Redelivery.objects.count() == (2 if of == "dispatch" else 1)


# --- Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [({"title": "a" * 201}, 400), (b"{", 400), ({"a\x00b": "\x00"}, 400), (b'{"\\ud800": "\\ud800"}', 400)],
)
def test_a_refusal_is_replayed_too(body: Any, status: int, alice: User) -> None:
    sent = {"content_type": "application/json"} if isinstance(body, bytes) else {}

    first, second = (api(alice).post(LESSONS, body, headers=KEY, **sent) for _ in range(2))

    assert first.status_code == status
    assert first["Content-Type"] == "application/problem+json"
    assert is_replay_of(second, first)


def test_what_was_refused_by_right_is_refused_again_though_the_right_is_there_now(
    alice: User, bob: User, maria: User
) -> None:
    lesson = draft(alice, bob)
    client = api(bob)
    first = client.post(url(lesson, "schedule"), {}, headers=KEY)
    bob.role = "manager"
    bob.save()

    assert first.status_code == 403
    assert is_replay_of(client.post(url(lesson, "schedule"), {}, headers=KEY), first)


def test_a_stale_if_match_is_refused_again_though_it_is_fresh_now(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    ask = lambda match: api(alice).post(url(lesson, "schedule"), {}, headers={**KEY, "If-Match": match})  # noqa: E731

    first = ask('"99-00000000"')

    assert first.status_code == 412
    assert is_replay_of(ask("*"), first)


def test_a_conflict_may_have_passed_and_is_not_kept(alice: User, bob: User) -> None:
    lesson = draft(alice)
    body = {"reason": "as agreed"}
    problem(api(alice).post(url(lesson, "schedule"), body, headers=KEY), 409, "condition_unmet")
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(students=frozenset({bob.pk})))

    response = api(alice).post(url(lesson, "schedule"), body, headers=KEY)

    assert response.status_code == 200
    assert "Idempotency-Replayed" not in response.headers


def test_an_error_of_ours_is_not_kept_and_leaves_nothing(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lifecycle.create_lesson

    def breaks(**values: Any) -> None:
        real(**values)
        raise ProgrammingError("after all was written")

    monkeypatch.setattr(lifecycle, "create_lesson", breaks)
    with nothing_written():
        problem(api(alice).post(LESSONS, lesson_body(bob), headers=KEY), 500, "error", None)
    monkeypatch.setattr(lifecycle, "create_lesson", real)

    assert not IdempotencyRecord.objects.exists()
    assert api(alice).post(LESSONS, lesson_body(bob), headers=KEY).status_code == 201


# --- The key --------------------------------------------------------------------------------------


OTHERS: dict[str, Callable[..., tuple[str, Any]]] = {
    "another body": lambda lesson, bob: (LESSONS, lesson_body(bob, title="Geometry")),
    "another address": lambda lesson, bob: (url(lesson, "cancel"), lesson_body(bob)),
    "another query": lambda lesson, bob: (f"{LESSONS}?a=1", lesson_body(bob)),
}


@pytest.mark.parametrize("other", OTHERS)
def test_the_same_key_with_another_request_is_a_mistake(other: str, alice: User, bob: User) -> None:
    client = api(alice)
    assert client.post(LESSONS, lesson_body(bob), headers=KEY).status_code == 201
    address, body = OTHERS[other](Lesson.objects.get(), bob)

    with nothing_written():
        response = client.post(address, body, headers=KEY)

    problem(response, 422, "idempotency_mismatch", "Idempotency-Key")


def test_everybody_has_keys_of_their_own(alice: User, anna: User, bob: User) -> None:
    for teacher in (alice, anna):
        assert api(teacher).post(LESSONS, lesson_body(bob), headers=KEY).status_code == 201

    assert Lesson.objects.count() == 2


@pytest.mark.parametrize("key", ["", "a" * 256, "ключ".encode().decode("latin-1"), "a\tb"])
def test_a_malformed_key_is_refused_after_rights_and_before_conflicts(key: str, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        faulty = api(alice).post(url(lesson, "schedule"), {}, headers={"Idempotency-Key": key})
        forbidden = api(bob).post(url(lesson, "schedule"), {}, headers={"Idempotency-Key": key})

    problem(faulty, 400, "invalid", "Idempotency-Key")
    problem(forbidden, 403, "permission_denied", None)


@pytest.mark.parametrize("key", ["a", " a b ", "~" * 255])
def test_any_ascii_will_do(key: str, alice: User, bob: User) -> None:
    for _ in range(2):
        assert api(alice).post(LESSONS, lesson_body(bob), headers={"Idempotency-Key": key}).status_code == 201

    assert Lesson.objects.count() == 1


def test_after_a_day_the_key_is_as_good_as_new(alice: User, bob: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=24, minutes=1)):
        api(alice).post(LESSONS, lesson_body(bob), headers=KEY)
    with time_machine.travel(timezone.now() - timedelta(hours=23, minutes=59)):
        api(alice).post(LESSONS, lesson_body(title="Geometry"), headers={"Idempotency-Key": "other"})

    assert api(alice).post(LESSONS, lesson_body(title="New"), headers=KEY).status_code == 201
    problem(api(alice).post(LESSONS, lesson_body(), headers={"Idempotency-Key": "other"}), 422, "idempotency_mismatch")
    assert IdempotencyRecord.objects.count() == 2


def test_who_is_not_logged_in_gets_no_replay(alice: User, bob: User) -> None:
    api(alice).post(LESSONS, lesson_body(bob), headers=KEY)

    problem(api().post(LESSONS, lesson_body(bob), headers=KEY), 401, "not_authenticated")


def test_an_edit_takes_no_key(alice: User) -> None:
    lesson = draft(alice)
    for title in ("Geometry", "Topology"):
        assert api(alice).patch(url(lesson), {"title": title}, headers=KEY).json()["title"] == title

    assert not IdempotencyRecord.objects.exists()


def test_a_body_that_is_too_large_is_told_so(alice: User) -> None:
    problem(api(alice).post(LESSONS, {"title": "a" * 1_000_001}, headers=KEY), 413, "body_too_large", None)


# --- Several at once ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_under_way_the_second_is_told_to_wait(alice: User, bob: User) -> None:
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [KEY["Idempotency-Key"], alice.pk])
        with nothing_written():
            response = api(alice).post(LESSONS, lesson_body(bob), headers=KEY)
        other.rollback()
    finally:
        other.close()

    problem(response, 409, "idempotency_in_flight", "Idempotency-Key")
    assert int(response["Retry-After"]) > 0
    assert api(alice).post(LESSONS, lesson_body(bob), headers=KEY).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_is_carried_out(alice: User, bob: User) -> None:
    body = lesson_body(bob)

    answers = race([lambda: api(alice).post(LESSONS, body, headers=KEY) for _ in range(8)])

    assert Lesson.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert [answer.get("Idempotency-Replayed") for answer in answers if answer.status_code == 201].count(None) == 1


def test_a_key_costs_seven_queries_and_a_replay_takes_five(
    alice: User, bob: User, django_assert_max_num_queries: Any
) -> None:
    """The lock, the look-up, the record; and two savepoints, of which one is the transaction outside of a test."""
    body = lesson_body(bob)
    with django_assert_max_num_queries(50) as without:
        api(alice).post(LESSONS, body)
    with django_assert_max_num_queries(50) as with_key:
        api(alice).post(LESSONS, body, headers=KEY)
    with django_assert_max_num_queries(50) as replay:
        api(alice).post(LESSONS, body, headers=KEY)

    assert len(with_key) == len(without) + 7
    assert len(replay) == 5
