"""Lessons move through their life."""

import time
from typing import Any

import pytest

from lessons.models import Dispatch, Lesson, LessonEvent, User
from lessons.tests.api.client import api, problem, times, url
from lessons.tests.people import draft, scheduled, started, tomorrow
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db

MOVES = {
    "schedule": (draft, {}, "scheduled", "scheduled"),
    "reschedule": (scheduled, times(15), "scheduled", "rescheduled"),
    "start": (scheduled, {}, "in_progress", "started"),
    "complete": (started, {}, "completed", "completed"),
    "cancel": (scheduled, {}, "cancelled", "cancelled"),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_transition_answers_with_the_lesson_its_event_and_its_dispatch(name: str, alice: User, bob: User) -> None:
    make, body, status, event_name = MOVES[name]
    lesson = make(alice, bob)

    response = api(alice).post(url(lesson, name), {**body, "reason": "as agreed"}, headers={"X-Request-ID": "abc-1"})

    assert response.status_code == 200
    answer = response.json()
    event, dispatch = LessonEvent.objects.get(pk=answer.pop("event")), Dispatch.objects.get(pk=answer.pop("dispatch"))
    assert answer == api(alice).get(url(lesson)).json()
    assert (answer["status"], answer["version"]) == (status, lesson.version + 1)
    assert (event.name, event.actor, event.reason, event.request_id) == (event_name, alice, "as agreed", "abc-1")
    assert dispatch.event == event == lesson.events.latest("id")


def test_a_life_over_the_api(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    client = api(alice)

    for name, body in [("schedule", None), ("reschedule", times(18)), ("start", None), ("complete", None)]:
        assert client.post(url(lesson, name), body).status_code == 200

    assert history(lesson) == ["created", "scheduled", "rescheduled", "started", "completed"]
    assert Lesson.objects.get().start_time == tomorrow(18)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"reason": ""}'])
def test_a_reason_may_be_left_out(body: bytes, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    response = api(alice).generic("POST", url(lesson, "schedule"), body, content_type="application/json")

    assert response.status_code == 200
    assert lesson.events.latest("id").reason == ""


def test_a_request_without_body_needs_no_content_type(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    assert api(alice).generic("POST", url(lesson, "schedule"), content_type="").status_code == 200


REFUSED = {
    "a reason that is a number": ("cancel", {"reason": 5}, "reason"),
    "no reason at all": ("cancel", {"reason": None}, "reason"),
    "a NUL": ("cancel", {"reason": "a\x00b"}, "reason"),
    "a long reason": ("cancel", {"reason": "a" * 2001}, "reason"),
    "an unknown field": ("cancel", {"message": "flu"}, "message"),
    "a status": ("start", {"status": "completed"}, "status"),
    "times where there are none": ("start", times(15), "start_time"),
    "only a start": ("reschedule", {"start_time": tomorrow(15).isoformat()}, "end_time"),
    "a naive time": ("reschedule", {**times(15), "start_time": "2027-01-01T10:00:00"}, "start_time"),
    "backwards": ("reschedule", {**times(15), "end_time": tomorrow(14).isoformat()}, "end_time"),
    "no length": ("reschedule", {**times(15), "end_time": tomorrow(15).isoformat()}, "end_time"),
    "an end too far away": ("reschedule", {**times(15), "end_time": "2099-01-01T10:00:00Z"}, "end_time"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_body_with_a_fault_is_refused_by_name(case: str, alice: User, bob: User) -> None:
    name, body, attr = REFUSED[case]
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = api(alice).post(url(lesson, name), body)

    assert attr in {error["attr"] for error in problem(response, 400, "invalid")["errors"]}


@pytest.mark.parametrize("query", ["?force=1", "?format=xml"])
def test_a_transition_takes_no_parameters(query: str, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = api(alice).post(url(lesson, "start") + query)

    problem(response, 400, "invalid", query[1:].partition("=")[0])


QUERIES = {"schedule": 8, "reschedule": 10, "start": 7, "complete": 7, "cancel": 8}


@pytest.mark.parametrize("students", [1, 12])
@pytest.mark.parametrize("name", MOVES)
def test_a_transition_takes_as_many_queries_however_full_the_lesson(
    name: str, students: int, alice: User, django_assert_num_queries: Any, class_of: Any
) -> None:
    make, body, *_ = MOVES[name]
    lesson = make(alice, *class_of(students))

    with django_assert_num_queries(QUERIES[name]):
        api(alice).post(url(lesson, name), body)


@pytest.mark.parametrize("broker", ["closed_port", "silent_port"])
def test_with_the_broker_away_a_transition_succeeds_within_three_seconds(
    broker: str,
    alice: User,
    bob: User,
    broker_at: Any,
    request: pytest.FixtureRequest,
    django_capture_on_commit_callbacks: Any,
) -> None:
    lesson = draft(alice, bob)
    broker_at(request.getfixturevalue(broker))
    started_at = time.monotonic()

    with django_capture_on_commit_callbacks(execute=True) as woken:
        response = api(alice).post(url(lesson, "schedule"))

    assert woken
    assert time.monotonic() - started_at < 3
    assert response.status_code == 200
    assert Dispatch.objects.get(pk=response.json()["dispatch"]).state == "pending"
