"""What happened to a lesson, and how far people have been told."""

from typing import Any

import pytest
from django.db.models.functions import Now

from lessons.models import ChordRun, Delivery, Dispatch, User
from lessons.notifications.expand import expand
from lessons.tests.api.client import api, problem, url
from lessons.tests.people import cancelled, draft, scheduled

pytestmark = pytest.mark.django_db


def address(dispatch: Any) -> str:
    return f"/api/v1/dispatches/{dispatch}/"


def test_the_history_says_who_what_when_and_why(alice: User, bob: User) -> None:
    lesson = cancelled(alice, bob)

    events = api(bob).get(url(lesson, "events")).json()["results"]

    assert [(event["seq"], event["name"], event["source"], event["target"], event["reason"]) for event in events] == [
        (1, "created", "", "draft", ""),
        (2, "scheduled", "draft", "scheduled", ""),
        (3, "cancelled", "scheduled", "cancelled", "flu"),
    ]
    assert list(events[0]) == ["id", "seq", "name", "source", "target", "actor", "reason", "created_at", "dispatch"]
    assert {event["actor"]["username"] for event in events} == {"alice"}
    assert [event["dispatch"] for event in events] == [event["id"] for event in events]


def test_what_the_system_does_has_no_actor(alice: User) -> None:
    lesson = draft(alice)
    lesson.title = "Geometry"
    lesson.save()

    event = api(alice).get(url(lesson, "events")).json()["results"][1]

    assert (event["actor"], event["dispatch"]) == (None, None)  # an update of a draft tells nobody


def test_a_history_takes_three_queries_however_long(alice: User, bob: User, django_assert_num_queries: Any) -> None:
    """The reader, the lesson, its events with actors and dispatches."""
    for lesson in (draft(alice), cancelled(alice, bob)):
        with django_assert_num_queries(3):
            api(alice).get(url(lesson, "events"))


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
