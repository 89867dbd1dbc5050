"""One message, one person, one channel: who reads of it, and another try where it is dead."""

import uuid
from typing import Any

import pytest

from lessons import lifecycle
from lessons.models import ChordRun, Delivery, DeliveryAttempt, Redelivery, User
from lessons.notifications.expand import expand
from lessons.tests.api.client import api, problem
from lessons.tests.people import draft, scheduled, tomorrow

pytestmark = pytest.mark.django_db

DELIVERIES = "/api/v1/deliveries/"
MEMBERS = [
    *("id", "dispatch", "lesson", "event", "recipient", "channel", "state", "attempt_count", "next_attempt_at"),
    *("sent_at", "last_error", "run"),
]


def address(delivery: Any, tail: str = "") -> str:
    return f"{DELIVERIES}{getattr(delivery, 'pk', delivery)}/{tail and f'{tail}/'}"


def listed(reader: User, **query: Any) -> set[int]:
    response = api(reader).get(DELIVERIES, query)
    assert response.status_code == 200, response.content
    return {delivery["id"] for delivery in response.json()["results"]}


@pytest.fixture
def sms(settings: Any, alice: User, anna: User, bob: User) -> dict[str, Delivery]:
    """Of a draft of Alice's, which Bob and Anna attend: who is told by SMS."""
    settings.NOTIFICATION_CHANNELS = ["sms"]
    draft(alice, bob, anna)
    expand()
    return {delivery.recipient.username: delivery for delivery in Delivery.objects.select_related("recipient")}


@pytest.fixture
def dead(sms: dict[str, Delivery]) -> Delivery:
    """The one to Bob."""
    run = ChordRun.objects.create(channel="sms", size=1, delivery_count=1)
    delivery = sms["bob"]
    Delivery.objects.filter(pk=delivery.pk).update(
        state="dead", attempt_count=2, run=run, last_error="503 from the gateway"
    )
    for number, outcome in ((2, "permanent"), (1, "transient")):
        DeliveryAttempt.objects.create(
            delivery=delivery,
            number=number,
            started_at=tomorrow(number),
            ended_at=tomorrow(number, 1),
            outcome=outcome,
            error="503 from the gateway",
            run=run,
            task_id=uuid.uuid4(),
        )
    delivery.refresh_from_db()
    return delivery


def test_a_delivery_is_shown_with_every_try(dead: Delivery, alice: User, bob: User) -> None:
    shown = api(alice).get(address(dead)).json()

    attempts = shown.pop("attempts")
    assert list(shown) == MEMBERS
    assert shown == {
        "id": dead.pk,
        "dispatch": dead.dispatch_id,
        "lesson": dead.lesson_id,
        "event": dead.dispatch_id,
        "recipient": bob.pk,
        "channel": "sms",
        "state": "dead",
        "attempt_count": 2,
        "next_attempt_at": None,  # there will be none
        "sent_at": None,
        "last_error": "503 from the gateway",
        "run": str(dead.run_id),
    }
    assert [(one["number"], one["outcome"]) for one in attempts] == [(1, "transient"), (2, "permanent")]
    assert list(attempts[0]) == ["number", "started_at", "ended_at", "outcome", "error", "run", "task_id"]


def test_what_waits_says_until_when(sms: dict[str, Delivery], alice: User) -> None:
    assert api(alice).get(address(sms["bob"])).json()["next_attempt_at"]


def test_everybody_reads_of_what_is_theirs(
    sms: dict[str, Delivery], alice: User, anna: User, bob: User, carol: User, maria: User
) -> None:
    every = {delivery.pk for delivery in sms.values()}

    assert listed(maria) == listed(alice) == every
    assert listed(bob) == {sms["bob"].pk}
    assert listed(anna) == set()  # she teaches; of lessons that she attends, she follows nothing
    assert listed(carol) == set()


def test_a_student_who_has_left_still_reads_what_they_were_sent(alice: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, bob, carol)
    expand()
    before = listed(bob)
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(students=frozenset({carol.pk})))

    assert listed(bob) == before
    pk = next(iter(before))
    assert api(bob).get(address(pk)).status_code == 200
    problem(api(bob).post(address(pk, "redeliver")), 403, "permission_denied", None)


@pytest.mark.parametrize(("who", "whose"), [("bob", "alice"), ("carol", "bob"), ("anna", "anna"), ("anna", "bob")])
def test_what_is_not_theirs_is_not_there(
    who: str, whose: str, sms: dict[str, Delivery], request: pytest.FixtureRequest
) -> None:
    client = api(request.getfixturevalue(who))

    problem(client.get(address(sms[whose]), {"no": 1}), 404, "not_found", None)
    problem(client.post(address(sms[whose], "redeliver"), {"no": 1}), 404, "not_found", None)


@pytest.mark.parametrize("pk", ["0", "999999999", str(2**63), "9" * 19, "all"])
def test_a_delivery_that_is_not_there(pk: str, maria: User) -> None:
    problem(api(maria).get(address(pk)), 404, "not_found", None)


def test_the_filters_find_what_they_say(dead: Delivery, sms: dict[str, Delivery], alice: User, maria: User) -> None:
    other = draft(alice, at=tomorrow(15))
    expand()
    of_other = set(Delivery.objects.filter(lesson=other).values_list("pk", flat=True))
    every = {delivery.pk for delivery in sms.values()} | of_other

    assert listed(maria) == every
    assert listed(maria, lesson=other.pk) == listed(maria, dispatch=other.events.get().pk) == of_other
    assert listed(maria, state="dead") == listed(maria, run=str(dead.run_id)) == {dead.pk}
    assert listed(maria, recipient=alice.pk) == {sms["alice"].pk} | of_other
    assert listed(maria, channel="sms") == every
    assert listed(maria, channel="log") == set()
    assert listed(maria, recipient=alice.pk, lesson=other.pk, state="pending") == of_other
    assert listed(maria, run=str(uuid.uuid4())) == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "lost"),
        ("channel", "fax"),
        ("channel", ""),
        ("recipient", "me"),
        ("lesson", "-1"),
        ("dispatch", "1.5"),
        ("run", "5"),
        ("run", "\x00"),
        ("no", "1"),
    ],
)
def test_an_unknown_parameter_or_value_is_named(name: str, value: str, bob: User) -> None:
    problem(api(bob).get(DELIVERIES, {name: value}), 400, "invalid", name)


@pytest.mark.parametrize("who", ["bob", "alice", "maria"])
def test_a_list_takes_two_queries_however_long(
    who: str, sms: dict[str, Delivery], alice: User, bob: User, django_assert_num_queries: Any, request: Any
) -> None:
    """The reader, the deliveries."""
    reader = request.getfixturevalue(who)
    for hour in range(5):
        draft(alice, bob, at=tomorrow(hour))
    expand()
    for query in ({}, {"state": "pending", "lesson": sms["bob"].lesson_id}, {"run": str(uuid.uuid4())}):
        with django_assert_num_queries(2):
            listed(reader, **query)


@pytest.mark.parametrize("who", ["alice", "maria"])
def test_a_dead_one_is_redelivered(who: str, dead: Delivery, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(who)

    response = api(person).post(address(dead, "redeliver"), {"reason": "The gateway was down"})

    assert response.status_code == 202
    assert response.json() == api(person).get(address(dead)).json()
    assert (response.json()["state"], len(response.json()["attempts"])) == ("pending", 2)
    assert Redelivery.objects.values_list("delivery", "actor", "reason").get() == (
        dead.pk,
        person.pk,
        "The gateway was down",
    )


@pytest.mark.parametrize("state", ["pending", "leased", "sent", "skipped"])
def test_only_the_dead_are_redelivered(state: str, sms: dict[str, Delivery], alice: User) -> None:
    Delivery.objects.filter(pk=sms["bob"].pk).update(state=state)

    problem(api(alice).post(address(sms["bob"], "redeliver")), 409, "not_dead", None)
    assert not Redelivery.objects.exists()


def test_a_student_reads_of_a_dead_one_and_redelivers_nothing(dead: Delivery, bob: User) -> None:
    assert api(bob).get(address(dead)).status_code == 200
    problem(api(bob).post(address(dead, "redeliver"), {"no": 1}), 403, "permission_denied", None)
    assert not Redelivery.objects.exists()


def test_a_fault_in_the_body_is_named(dead: Delivery, alice: User) -> None:
    problem(api(alice).post(address(dead, "redeliver"), {"no": 1}), 400, "invalid", "no")
    assert not Redelivery.objects.exists()
