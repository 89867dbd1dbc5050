"""Claiming: what is due, oldest first, as far as the channel's window and circuit let it."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from lessons.events import EventName
from lessons.models import Channel, ChordRun, Delivery, User
from lessons.notifications.channels import REGISTRY, enabled_channels
from lessons.notifications.claim import Claim, claim
from lessons.notifications.due import look_for_work
from lessons.tests.notifications.deliveries import (
    HOUR,
    claimed,
    delivery,
    expand_all,
    happened,
    put,
    sent_already,
    waits_for_a_retry,
)
from lessons.tests.people import Student, draft
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db
LOG, SMS = REGISTRY["log"], REGISTRY["sms"]
WINDOW = SMS.window


def due_sms(teacher: User, number: int) -> list[int]:
    """So many messages are due over SMS, the oldest first."""
    students = Student.create_batch(number)
    for student in students:
        draft(teacher, student)
    expand_all()
    Delivery.objects.filter(recipient=teacher).delete()
    return list(Delivery.objects.filter(channel="sms").order_by("id").values_list("id", flat=True))


def the_channel(**values: object) -> None:
    Channel.objects.update_or_create(name="sms", defaults={"window": WINDOW, **values})


# --- What is due --------------------------------------------------------------------------------------


def test_an_idle_relay_finds_no_channel_with_work(alice: User, bob: User) -> None:
    assert look_for_work(enabled_channels()) == ([], False)
    assert look_for_work([]) == ([], False)


def test_channels_with_something_due_are_found(alice: User, bob: User) -> None:
    draft(alice, bob)
    expand_all()
    Delivery.objects.filter(channel="log").update(next_attempt_at=timezone.now() + HOUR)

    assert look_for_work(enabled_channels()).due == [SMS]


def test_what_is_not_due_yet_stays(alice: User, bob: User) -> None:
    draft(alice, bob)
    expand_all()
    Delivery.objects.update(next_attempt_at=timezone.now() + HOUR)

    assert claim(SMS) is None
    assert not ChordRun.objects.exists()


def test_a_claim_leases_to_a_new_run(alice: User, bob: User) -> None:
    draft(alice, bob)

    result = claimed("sms")

    assert (result.run.channel, result.run.size, result.run.delivery_count) == ("sms", 2, 2)
    rows = Delivery.objects.filter(channel="sms").order_by("id")
    assert [[row.pk] for row in rows] == result.batches
    assert {(row.state, row.run_id, row.taken_at, row.attempt_count) for row in rows} == {
        ("leased", result.run.pk, None, 0)
    }
    assert [row.batch for row in rows] == [0, 1]


def test_a_lease_that_nobody_takes_ends_after_the_launch_lease(alice: User, bob: User, settings: Settings) -> None:
    draft(alice, bob)

    claimed("sms")

    lease = Delivery.objects.filter(channel="sms").values_list("lease_until", flat=True)[0] - timezone.now()
    assert (
        timedelta(seconds=settings.TIMING.launch_lease - 5) < lease <= timedelta(seconds=settings.TIMING.launch_lease)
    )


# --- The window ---------------------------------------------------------------------------------------


def test_no_more_than_the_window_is_claimed_and_the_oldest_first(alice: User) -> None:
    due = due_sms(alice, WINDOW + 3)

    result = claimed("sms")

    assert [id_ for batch in result.batches for id_ in batch] == due[:WINDOW]
    assert claim(SMS) is None


def test_what_has_ended_makes_room(alice: User) -> None:
    due = due_sms(alice, WINDOW + 5)
    claimed("sms")
    Delivery.objects.filter(pk__in=due[:4]).update(state="sent")

    assert claimed("sms").batches == [[id_] for id_ in due[WINDOW : WINDOW + 4]]


def test_a_window_that_is_nearly_full_drains_a_little_first(alice: User) -> None:
    due = due_sms(alice, WINDOW + 5)
    claimed("sms")
    Delivery.objects.filter(pk__in=due[:2]).update(state="sent")

    assert claim(SMS) is None


def test_the_last_ones_need_not_wait_for_the_window_to_drain(alice: User) -> None:
    due = due_sms(alice, WINDOW + 1)
    claimed("sms")
    Delivery.objects.filter(pk__in=due[:2]).update(state="sent")

    assert claimed("sms").batches == [[due[-1]]]


def test_a_windowful_that_must_wait_does_not_hold_up_what_is_due_behind_it(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    sent_already(lesson.events.get())
    students = Student.create_batch(WINDOW)
    first, second = (happened(lesson, EventName.REMINDER, *students) for _ in range(2))
    expand_all()
    for student in students:
        waits_for_a_retry(delivery(first, student))
    Delivery.objects.filter(dispatch_id=second.pk).update(next_attempt_at=timezone.now() - HOUR)
    other = draft(alice, bob, title="Geometry")

    result = claimed("sms")

    assert {row.lesson_id for row in Delivery.objects.filter(run_id=result.run.pk)} == {other.pk}


def test_the_window_is_an_operators_to_change(alice: User) -> None:
    due_sms(alice, 3)
    the_channel(window=2)

    assert claimed("sms").run.delivery_count == 2


# --- The circuit --------------------------------------------------------------------------------------


def test_a_channel_whose_circuit_is_open_is_left_alone(alice: User) -> None:
    due_sms(alice, 3)
    the_channel(open_until=timezone.now() + HOUR)

    assert claim(SMS) is None


def test_a_channel_whose_circuit_was_open_is_probed_by_one_message_at_a_time(alice: User) -> None:
    due = due_sms(alice, 3)
    the_channel(open_until=timezone.now() - HOUR)

    assert claimed("sms").batches == [due[:1]]
    assert claim(SMS) is None


def test_what_died_with_its_worker_before_the_circuit_opened_does_not_keep_the_probe_waiting(alice: User) -> None:
    due = due_sms(alice, 3)
    the_channel(window=1)
    dead = claimed("sms")
    put(dead.run, started_at=timezone.now() - HOUR)
    the_channel(open_until=timezone.now() - HOUR / 2)

    assert claimed("sms").batches == [due[1:2]]


# --- Batches ------------------------------------------------------------------------------------------


def test_the_log_takes_a_thousand_in_one_task(alice: User) -> None:
    draft(alice, *Student.create_batch(1020))

    assert [len(batch) for batch in claimed("log").batches] == [1000, 21]


def test_what_may_have_killed_its_worker_travels_alone(alice: User) -> None:
    lesson = draft(alice, *Student.create_batch(4))
    expand_all()
    suspects = [
        put(delivery(lesson.events.get(), person, "log"), travels_alone=True) for person in User.objects.all()[:2]
    ]

    result = claimed("log")

    assert sorted(result.batches[:2]) == sorted([row.pk] for row in suspects)
    assert len(result.batches[2]) == 3


def test_a_header_never_has_more_than_two_hundred_tasks() -> None:
    assert all(channel.window <= 200 * channel.batch_size for channel in REGISTRY.values())


def test_suspects_do_not_make_a_header_of_more_than_two_hundred_tasks(alice: User) -> None:
    draft(alice, *Student.create_batch(260))
    expand_all()
    Delivery.objects.update(travels_alone=True)

    assert claimed("log").run.size <= 200


# --- Several at once ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_claims_at_once_each_delivery_is_in_one_run_and_the_window_holds(alice: User) -> None:
    due = due_sms(alice, WINDOW + 3)

    claims = [result for result in race([partial(claim, SMS)] * 4) if isinstance(result, Claim)]

    ids = [id_ for result in claims for batch in result.batches for id_ in batch]
    assert sorted(ids) == due[:WINDOW]
