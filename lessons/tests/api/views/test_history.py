"""What happened to a lesson."""

from typing import Any

import pytest

from lessons.models import User
from lessons.tests.api.client import api, url
from lessons.tests.people import cancelled, draft

pytestmark = pytest.mark.django_db


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
