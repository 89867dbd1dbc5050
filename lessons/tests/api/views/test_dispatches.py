"""How far people have been told of an event, and another try for those whom no message reached."""

from typing import Any

import pytest
from django.db.models.functions import Now

from lessons.models import ChordRun, Delivery, Dispatch, Redelivery, User
from lessons.notifications.expand import expand
from lessons.tests.api.client import api, problem
from lessons.tests.notifications.aftermath import all_ended, in_every_state
from lessons.tests.people import cancelled, draft, scheduled, tomorrow
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

DISPATCHES = "/api/v1/dispatches/"


def address(dispatch: Any, tail: str = "") -> str:
    return f"{DISPATCHES}{dispatch}/{tail and f'{tail}/'}"


def listed(reader: User, **query: Any) -> list[int]:
    response = api(reader).get(DISPATCHES, query)
    assert response.status_code == 200, response.content
    return [dispatch["id"] for dispatch in response.json()["results"]]


def test_a_dispatch_is_pending_until_the_relay_has_seen_it(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    event = lesson.events.latest("id")

    shown = api(alice).get(address(event.pk)).json()

    assert shown == {
        "id": event.pk,
        "lesson": lesson.pk,
        "event": event.pk,
        "state": "pending",
        "total": 0,
        "by_state": {},
        "by_channel": {},
        "created_at": shown["created_at"],
        "expanded_at": None,
        "settled_at": None,
        "runs": [],
    }


def test_an_expanded_dispatch_counts_its_deliveries(alice: User, bob: User) -> None:
    event = scheduled(alice, bob).events.latest("id")
    expand()
    run = ChordRun.objects.create(channel="log", size=1, delivery_count=1)
    Delivery.objects.filter(dispatch_id=event.pk, recipient=bob, channel="log").update(state="sent", run=run)

    shown = api(alice).get(address(event.pk)).json()

    assert (shown["state"], shown["total"]) == ("delivering", 6)
    assert (shown["by_state"], shown["by_channel"]) == ({"pending": 5, "sent": 1}, {"log": 2, "email": 2, "sms": 2})
    assert shown["runs"] == [str(run.pk)]


@pytest.mark.parametrize(
    ("sent", "dead", "skipped", "state"),
    [(2, 0, 2, "delivered"), (3, 1, 0, "partly_delivered"), (0, 4, 0, "failed"), (0, 0, 4, "skipped")],
)
def test_a_settled_dispatch_says_how_it_ended(
    sent: int, dead: int, skipped: int, state: str, alice: User, bob: User
) -> None:
    event = scheduled(alice, bob).events.latest("id")
    dispatch = Dispatch.objects.filter(pk=event.pk)
    dispatch.update(expanded_at=Now(), settled_at=Now(), total=4, sent=sent, dead=dead, skipped=skipped)

    shown = api(alice).get(address(event.pk)).json()

    assert shown["state"] == state
    assert shown["settled_at"]


def test_a_dispatch_takes_as_many_queries_however_many_are_told(
    alice: User, django_assert_num_queries: Any, class_of: Any
) -> None:
    for students in (1, 12):
        event = draft(alice, *class_of(students)).events.get()
        expand()
        with django_assert_num_queries(5):
            api(alice).get(address(event.pk))


@pytest.mark.parametrize("pk", ["0", "999999999", str(2**63), "9" * 20, "all"])
def test_a_dispatch_that_is_not_there(pk: str, maria: User) -> None:
    problem(api(maria).get(address(pk)), 404, "not_found", None)


def test_students_follow_no_dispatches(alice: User, bob: User, carol: User) -> None:
    event = scheduled(alice, bob).events.latest("id")

    problem(api(bob).get(address(event.pk)), 403, "permission_denied", None)
    problem(api(carol).get(address(event.pk)), 404, "not_found", None)


# --- The list -------------------------------------------------------------------------------------


def test_managers_follow_all_and_teachers_their_own_lessons(alice: User, anna: User, bob: User, maria: User) -> None:
    alices, annas = draft(alice, bob, anna), draft(anna, bob)
    events = [lesson.events.get().pk for lesson in (alices, annas)]

    assert listed(maria) == sorted(events, reverse=True)
    assert listed(alice) == [events[0]]
    assert listed(anna) == [events[1]]  # and not of the lesson that she attends
    assert listed(maria, lesson=alices.pk) == [events[0]]
    assert listed(alice, lesson=annas.pk) == []


def test_a_student_has_no_list_of_dispatches_not_even_of_a_bad_query(alice: User, bob: User) -> None:
    draft(alice, bob)

    problem(api(bob).get(DISPATCHES, {"no": 1}), 403, "permission_denied", None)


def test_each_state_lists_its_own_and_the_states_are_what_is_shown(alice: User, bob: User, maria: User) -> None:
    dispatches = {state: dispatch.pk for state, dispatch in in_every_state(alice, bob).items()}

    assert {state: listed(maria, state=state) for state in dispatches} == {s: [pk] for s, pk in dispatches.items()}
    shown = {dispatch["id"]: dispatch["state"] for dispatch in api(maria).get(DISPATCHES).json()["results"]}
    assert shown == {pk: state for state, pk in dispatches.items()}


@pytest.mark.parametrize(
    ("name", "value"), [("state", "sent"), ("state", ""), ("lesson", "x"), ("no", "1"), ("ordering", "id")]
)
def test_an_unknown_parameter_or_value_is_named(name: str, value: str, maria: User) -> None:
    problem(api(maria).get(DISPATCHES, {name: value}), 400, "invalid", name)


def test_a_list_takes_four_queries_however_long(alice: User, bob: User, django_assert_num_queries: Any) -> None:
    """The reader, the dispatches, their deliveries counted, their runs."""
    draft(alice, bob)
    expand()
    with django_assert_num_queries(4):
        listed(alice)
    for hour in range(10):
        cancelled(alice, bob, at=tomorrow(hour))
    expand()
    with django_assert_num_queries(4):
        assert len(api(alice).get(DISPATCHES).json()["results"]) == 25


def test_the_pages_follow_each_other(alice: User, bob: User) -> None:
    events = [draft(alice, bob).events.get().pk for _ in range(5)]
    client = api(alice)

    first = client.get(DISPATCHES, {"page_size": "2"}).json()
    second = client.get(first["next"]).json()
    back = client.get(second["previous"]).json()

    pages = [[dispatch["id"] for dispatch in page["results"]] for page in (first, second, back)]
    assert pages == [events[:2:-1], events[2:0:-1], events[:2:-1]]


# --- Another try ----------------------------------------------------------------------------------


@pytest.fixture
def failed(alice: User, bob: User) -> Dispatch:
    """A dispatch of Alice's that reached nobody."""
    event = draft(alice, bob).events.get()
    expand()
    Delivery.objects.update(state="dead", attempt_count=3)
    return all_ended(event)


@pytest.mark.parametrize("who", ["alice", "maria"])
def test_all_dead_ones_are_redelivered(who: str, failed: Dispatch, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(who)

    response = api(person).post(address(failed.pk, "redeliver"), {"reason": "The gateway was down"})

    assert response.status_code == 202
    assert response.json() == api(person).get(address(failed.pk)).json()
    assert (response.json()["state"], response.json()["by_state"]) == ("delivering", {"pending": 6})
    assert set(Redelivery.objects.values_list("actor", "reason")) == {(person.pk, "The gateway was down")}


def test_where_nothing_is_dead_there_is_nothing_to_redeliver(alice: User, bob: User) -> None:
    event = draft(alice, bob).events.get().pk
    expand()

    problem(api(alice).post(address(event, "redeliver")), 409, "nothing_to_redeliver", None)
    assert not Redelivery.objects.exists()


REFUSED = [("bob", 403, "permission_denied"), ("carol", 404, "not_found"), ("anna", 404, "not_found")]


@pytest.mark.parametrize(("who", "status", "code"), REFUSED)
def test_others_redeliver_nothing_and_learn_nothing(
    who: str, status: int, code: str, failed: Dispatch, request: pytest.FixtureRequest
) -> None:
    with nothing_written():
        response = api(request.getfixturevalue(who)).post(address(failed.pk, "redeliver"), {"no": 1})

    problem(response, status, code, None)
    assert not Redelivery.objects.exists()


@pytest.mark.parametrize("body", [{"reason": 5}, {"no": 1}, {"reason": "a" * 2001}, []])
def test_a_fault_in_the_body_is_named(body: Any, alice: User, failed: Dispatch) -> None:
    problem(api(alice).post(address(failed.pk, "redeliver"), body), 400, "invalid")
    assert not Redelivery.objects.exists()
