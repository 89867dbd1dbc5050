"""Taking a batch: once, by the run that holds it; the try is counted before it is made."""

import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from lessons.models import Delivery, Lesson, User
from lessons.notifications.take import take
from lessons.tests.notifications.deliveries import claimed, latest, put
from lessons.tests.people import draft
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(alice: User, carol: User) -> Lesson:
    return draft(alice, carol)


def test_what_is_taken_is_ready_to_be_sent(lesson: Lesson, alice: User, carol: User) -> None:
    result = claimed("log")

    to_alice, to_carol = take(result.run.pk, result.batches[0])

    assert [to_alice.message.recipient.id, to_carol.message.recipient.id] == [alice.pk, carol.pk]
    recipient = to_carol.message.recipient
    assert (recipient.language, recipient.time_zone, recipient.phone) == ("ru", "Europe/Moscow", carol.phone)
    assert (to_carol.message.event.title, to_carol.message.event.teacher_name) == ("Algebra", "Alice")
    assert (to_alice.message.to_teacher, to_carol.message.to_teacher) == (True, False)
    event, facts = lesson.events.get(), to_carol.message.event
    assert (facts.id, facts.lesson_id, facts.seq, facts.name) == (event.pk, lesson.pk, 1, "created")
    assert (facts.source, facts.occasion, facts.reason, facts.created_at) == ("", "", "", event.created_at)
    row = latest(lesson, carol, "log")
    assert to_carol.message.idempotency_key == row.idempotency_key
    assert (to_carol.channel, to_carol.attempt, to_carol.limit) == ("log", 1, row.attempt_limit)


def test_a_try_is_counted_and_the_lease_is_prolonged(lesson: Lesson, carol: User) -> None:
    result = claimed("log")

    take(result.run.pk, result.batches[0])

    row = latest(lesson, carol, "log")
    assert (row.state, row.attempt_count) == ("leased", 1)
    assert row.taken_at is not None
    assert row.lease_until is not None
    assert row.lease_until > timezone.now() + timedelta(seconds=80)


def test_a_second_copy_of_the_same_message_gets_nothing(lesson: Lesson) -> None:
    result = claimed("log")

    assert len(take(result.run.pk, result.batches[0])) == 2
    assert take(result.run.pk, result.batches[0]) == []
    assert set(Delivery.objects.filter(channel="log").values_list("attempt_count", flat=True)) == {1}


def test_another_run_gets_nothing(lesson: Lesson) -> None:
    result = claimed("log")

    assert take(uuid.uuid4(), result.batches[0]) == []
    assert set(Delivery.objects.values_list("attempt_count", flat=True)) == {0}


@pytest.mark.parametrize("state", ["pending", "sent", "dead", "skipped"])
def test_what_is_not_leased_any_more_is_not_taken(lesson: Lesson, carol: User, state: str) -> None:
    result = claimed("log")
    put(latest(lesson, carol, "log"), state=state)

    assert len(take(result.run.pk, result.batches[0])) == 1


def test_a_message_goes_to_the_address_and_in_the_language_of_now(lesson: Lesson, alice: User, carol: User) -> None:
    result = claimed("log")
    put(carol, phone="+79991112233", language="en")

    _, message = take(result.run.pk, result.batches[0])

    assert (message.message.recipient.phone, message.message.recipient.language) == ("+79991112233", "en")


@pytest.mark.django_db(transaction=True)
def test_of_many_copies_at_once_one_gets_the_batch(lesson: Lesson) -> None:
    result = claimed("log")

    taken = race([partial(take, result.run.pk, result.batches[0])] * 6)

    assert sorted(len(batch) for batch in taken) == [0, 0, 0, 0, 0, 2]
