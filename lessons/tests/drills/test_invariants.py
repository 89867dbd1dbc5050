"""The judges of the drills: each finds what it is there for, and has no word against a quiet, honest system."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from psycopg2.extras import DateTimeTZRange

from lessons.tests.drills import invariants
from lessons.tests.drills.clients import Answer
from lessons.tests.drills.evidence import Arrival
from lessons.tests.people import tomorrow

LESSON, ALICE, BOB = 1, 10, 20
CREATED, SCHEDULED = 100, 101


def row(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**values)


def event(id_: int, seq: int, name: str, source: str, target: str) -> SimpleNamespace:
    return row(id=id_, lesson_id=LESSON, seq=seq, name=name, source=source, target=target, recipients=[ALICE, BOB])


def evidence(**changed: Any) -> Any:
    """A lesson of Alice's that was created and scheduled; Bob was told of both, and Alice only of the latter."""
    hour = DateTimeTZRange(tomorrow(10), tomorrow(11))
    sent = {
        "state": "sent",
        "last_error": "",
        "attempt_count": 1,
        "attempt_limit": 8,
        "channel": "sms",
        "lesson_id": LESSON,
        "in_order": True,
    }
    deliveries = [
        row(
            id=1,
            event_id=CREATED,
            recipient_id=ALICE,
            **{**sent, "state": "skipped", "last_error": "superseded", "attempt_count": 0},
        ),
        row(id=2, event_id=CREATED, recipient_id=BOB, **sent),
        row(id=3, event_id=SCHEDULED, recipient_id=ALICE, **sent),
        row(id=4, event_id=SCHEDULED, recipient_id=BOB, **sent),
    ]
    facts: dict[str, Any] = {
        "people": [row(id=n, is_active=True, muted_channels=[], email="a@b.example", phone="+1") for n in (ALICE, BOB)],
        "lessons": [row(id=LESSON, version=2, status="scheduled")],
        "events": [event(CREATED, 1, "created", "", "draft"), event(SCHEDULED, 2, "scheduled", "draft", "scheduled")],
        "dispatches": [
            row(event_id=e, channels=None, pruned_at=None, settled_at=tomorrow()) for e in (CREATED, SCHEDULED)
        ],
        "deliveries": deliveries,
        "attempts": [row(delivery_id=n, number=1, outcome="sent") for n in (2, 3, 4)],
        "redeliveries": [],
        "runs": [row(id="r", closed_at=tomorrow())],
        "bookings": [row(lesson_id=LESSON, user_id=person, during=hour) for person in (ALICE, BOB)],
        "steps": [row(delivery_id=2, was="pending", became="leased"), row(delivery_id=2, was="leased", became="sent")],
        "arrivals": [Arrival("sms", f"delivery-{n}", n, 1) for n in (2, 3, 4)],
        "channels": ["sms"],
        "deadlocks": 0,
    }
    facts |= changed
    facts["delivery"] = {one.id: one for one in facts["deliveries"]}
    facts["person"] = {one.id: one for one in facts["people"]}
    facts["event"] = {one.id: one for one in facts["events"]}
    return row(**facts)


def changed(rows: Iterable[Any], id_: int, **values: Any) -> list[Any]:
    """The rows, one of them otherwise."""
    return [row(**{**vars(one), **values}) if one.id == id_ else one for one in rows]


def acknowledged(action: str) -> Answer:
    return Answer(action, LESSON, 200, 0.1, {})


HONEST = evidence()


def test_a_quiet_honest_system_is_found_fault_with_by_nobody() -> None:
    answers = [acknowledged("create"), acknowledged("schedule")]

    assert invariants.broken(HONEST, answers) == []
    assert (invariants.lost(HONEST), invariants.doubled(HONEST)) == ([], [])


FAULTS: dict[str, tuple[Callable[[Any], Iterable[str]], dict[str, Any]]] = {
    "a message that nobody wrote": (
        invariants.invented,
        {"arrivals": [*HONEST.arrivals, Arrival("sms", "delivery-99", 5, 1)]},
    ),
    "a deadlock": (invariants.nobody_deadlocked, {"deadlocks": 1}),
    "a version without its event": (invariants.history, {"lessons": [row(id=LESSON, version=3, status="scheduled")]}),
    "a gap in the history": (invariants.history, {"events": changed(HONEST.events, SCHEDULED, source="scheduled")}),
    "a status that no event led to": (
        invariants.history,
        {"lessons": [row(id=LESSON, version=2, status="completed")]},
    ),
    "an event that nobody is to be told of": (
        lambda found: invariants.acknowledged(found, []),
        {"dispatches": HONEST.dispatches[:1]},
    ),
    "sent, and never received": (invariants.sent_is_received, {"arrivals": HONEST.arrivals[:2]}),
    "a gap in the attempts": (
        invariants.attempts_are_counted,
        {"deliveries": changed(HONEST.deliveries, 2, attempt_count=2)},
    ),
    "more attempts than allowed": (
        invariants.attempts_are_counted,
        {"deliveries": changed(HONEST.deliveries, 2, attempt_limit=0)},
    ),
    "a send that was not counted": (
        invariants.attempts_are_counted,
        {"arrivals": [Arrival("sms", "delivery-2", 2, 2), *HONEST.arrivals[1:]]},
    ),
    "a delivery left over": (invariants.nothing_is_left, {"deliveries": changed(HONEST.deliveries, 2, state="leased")}),
    "a run left open": (invariants.nothing_is_left, {"runs": [row(id="r", closed_at=None)]}),
    "a dispatch left open": (
        invariants.nothing_is_left,
        {"dispatches": [row(event_id=CREATED, channels=None, pruned_at=None, settled_at=None)]},
    ),
    "an end that did not last": (
        invariants.steps_are_legal,
        {"steps": [row(delivery_id=2, was="sent", became="pending")]},
    ),
    "a redelivery that nobody asked for": (
        invariants.steps_are_legal,
        {"steps": [row(delivery_id=2, was="dead", became="pending")]},
    ),
    "a lesson without bookings": (invariants.bookings_fit, {"bookings": []}),
    "somebody in two places": (invariants.bookings_fit, {"bookings": [*HONEST.bookings, *HONEST.bookings]}),
    "the second before the first": (
        invariants.order_is_kept,
        {"arrivals": [Arrival("sms", "delivery-4", 1, 1), Arrival("sms", "delivery-2", 2, 1), HONEST.arrivals[1]]},
    ),
    "a message that was never made": (invariants.lost, {"deliveries": HONEST.deliveries[:3]}),
    "a message that died": (invariants.lost, {"deliveries": changed(HONEST.deliveries, 4, state="dead")}),
    "silence without a reason": (
        invariants.lost,
        {"deliveries": changed(HONEST.deliveries, 4, state="skipped", last_error="superseded")},
    ),
    "silence for a reason that does not apply": (
        invariants.lost,
        {"deliveries": changed(HONEST.deliveries, 4, state="skipped", last_error="nothing_to_take_back")},
    ),
    "silence towards somebody who wants to hear": (
        invariants.lost,
        {"deliveries": changed(HONEST.deliveries, 4, state="skipped", last_error="opted_out")},
    ),
    "the same message under two keys": (
        invariants.doubled,
        {
            "deliveries": [*HONEST.deliveries, row(**{**vars(HONEST.deliveries[1]), "id": 9})],
            "arrivals": [*HONEST.arrivals, Arrival("sms", "delivery-9", 9, 1)],
        },
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_finds(fault: str) -> None:
    find, changes = FAULTS[fault]

    assert list(find(evidence(**changes)))


def test_it_finds_an_acknowledged_change_that_left_no_event() -> None:
    twice = [acknowledged("schedule"), acknowledged("schedule")]

    assert list(invariants.acknowledged(HONEST, twice)) == [
        f"scheduled of lesson {LESSON} was acknowledged and has no event"
    ]


def test_what_somebody_asked_for_again_may_come_late_and_back_from_the_dead() -> None:
    again = evidence(
        redeliveries=[row(delivery_id=2)],
        steps=[row(delivery_id=2, was="dead", became="pending")],
        arrivals=[Arrival("sms", "delivery-2", 9, 1), *HONEST.arrivals[1:]],
    )

    assert not list(invariants.steps_are_legal(again))
    assert not list(invariants.order_is_kept(again))


def test_what_no_provider_takes_may_die() -> None:
    dead = evidence(deliveries=changed(HONEST.deliveries, 4, state="dead"))

    assert invariants.lost(dead, may_die=frozenset({4})) == []


def test_a_backlog_is_not_lost() -> None:
    waiting = evidence(deliveries=changed(HONEST.deliveries, 4, state="pending"))

    assert invariants.lost(waiting, leaves_backlog=True) == []
    assert len(invariants.lost(waiting)) == 1
