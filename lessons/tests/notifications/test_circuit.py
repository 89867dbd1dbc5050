"""A channel's circuit: three suspicious failures in a row, from at least two people, open it; a success closes it."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from lessons.models import Channel
from lessons.notifications import circuit
from lessons.notifications.circuit import note_failures, note_success

pytestmark = pytest.mark.django_db
BOB, CAROL, DAVE = 1, 2, 3


@pytest.fixture(autouse=True)
def sms() -> Channel:
    return Channel.objects.create(name="sms", window=12)


@pytest.mark.parametrize(
    ("failures", "is_down"),
    [
        ([BOB], False),
        ([BOB, CAROL], False),
        ([BOB, CAROL, DAVE], True),
        ([BOB, BOB, CAROL], True),
        ([BOB, BOB, BOB, BOB, BOB, BOB, BOB, BOB, BOB, BOB, BOB, BOB], False),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_so_many_suspicious_failures_mean_that_the_channel_is_down(
    failures: list[int], is_down: bool, at_once: bool
) -> None:
    noted = [note_failures("sms", failures)] if at_once else [note_failures("sms", [person]) for person in failures]

    assert noted[-1] is is_down
    assert not any(noted[:-1])


def test_one_person_whose_phone_is_broken_never_stops_the_others() -> None:
    for _ in range(30):
        assert not note_failures("sms", [BOB])


def test_a_success_in_between_starts_the_count_again() -> None:
    note_failures("sms", [BOB, CAROL])

    assert note_success("sms")

    assert not note_failures("sms", [BOB, CAROL])


def test_the_last_few_failures_are_kept(sms: Channel) -> None:
    note_failures("sms", list(range(30)))
    note_failures("sms", [99])

    sms.refresh_from_db()
    assert sms.failing_recipients == [*range(21, 30), 99]


def test_an_open_circuit_leaves_the_channel_alone_for_a_while(sms: Channel, settings: Settings) -> None:
    circuit.open_circuit("sms")

    sms.refresh_from_db()
    assert sms.open_until is not None
    assert 0 < (sms.open_until - timezone.now()).total_seconds() <= settings.TIMING.circuit


def test_a_success_closes_the_circuit(sms: Channel) -> None:
    note_failures("sms", [BOB, CAROL, DAVE])
    circuit.open_circuit("sms")

    assert note_success("sms")

    sms.refresh_from_db()
    assert (sms.open_until, sms.failing_recipients) == (None, [])


def test_a_success_of_a_channel_that_was_not_in_doubt_is_nothing_new() -> None:
    assert not note_success("sms")


def test_channels_fail_each_for_itself() -> None:
    Channel.objects.create(name="log", window=12)
    note_failures("sms", [BOB, CAROL])

    assert not note_success("log")
    assert not note_failures("log", [DAVE])
    assert note_failures("sms", [DAVE])
