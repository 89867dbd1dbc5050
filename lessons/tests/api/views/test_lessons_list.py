"""Reading lessons: who sees which, and what of them."""

from typing import Any

import pytest

from lessons.models import User
from lessons.tests.api.client import LESSONS, api, problem, url
from lessons.tests.people import cancelled, completed, draft, scheduled, started, tomorrow

pytestmark = pytest.mark.django_db

FIELDS = [
    "id", "title", "description", "teacher", "students", "start_time", "end_time", "status", "version",
    "available_transitions", "created_at", "updated_at",
]  # fmt: skip


def test_a_lesson_as_its_teacher_reads_it(alice: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, carol, bob, description="Sums", at=tomorrow(10))

    shown = api(alice).get(url(lesson)).json()

    assert list(shown) == [*FIELDS, "blocked_transitions"]
    assert (shown["id"], shown["title"], shown["description"]) == (lesson.pk, "Algebra", "Sums")
    assert shown["teacher"] == {"id": alice.pk, "username": "alice", "full_name": "Alice"}
    assert [student["username"] for student in shown["students"]] == ["bob", "carol"]
    assert shown["start_time"] == tomorrow(10).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (shown["status"], shown["version"]) == ("scheduled", 2)
    assert shown["available_transitions"] == ["reschedule", "start", "cancel"]


def test_a_list_shows_lessons_as_their_own_addresses_do(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    (listed,) = api(bob).get(LESSONS).json()["results"]
    shown = api(bob).get(url(lesson)).json()
    assert listed == {name: shown[name] for name in FIELDS}


AVAILABLE = {
    draft: ["schedule", "cancel"],
    scheduled: ["reschedule", "start", "cancel"],
    started: ["complete", "cancel"],
    completed: [],
    cancelled: [],
}


@pytest.mark.parametrize("make", AVAILABLE)
def test_available_transitions_are_what_the_reader_may_do_now(
    make: Any, alice: User, bob: User, maria: User, root: User
) -> None:
    lesson = make(alice, bob)

    for reader in (alice, maria, root):
        assert api(reader).get(url(lesson)).json()["available_transitions"] == AVAILABLE[make]
    assert api(bob).get(url(lesson)).json()["available_transitions"] == []


def test_what_is_blocked_is_told_with_its_reason(alice: User, bob: User) -> None:
    without_students = draft(alice)

    for_alice = {one["name"]: one for one in api(alice).get(url(without_students)).json()["blocked_transitions"]}
    for_bob = api(bob).get(url(scheduled(alice, bob))).json()["blocked_transitions"]

    assert list(for_alice) == ["schedule", "reschedule", "start", "complete"]
    assert for_alice["schedule"]["code"] == "no_students"
    assert for_alice["schedule"]["reason"] == "The lesson has no students; add at least one."
    assert for_alice["start"]["code"] == "transition_not_allowed"
    assert for_alice["start"]["reason"] == "The lesson is draft."
    assert {one["code"] for one in for_bob} == {"permission_denied"}


def test_a_transition_whose_condition_is_unmet_is_not_available(alice: User, bob: User) -> None:
    without_students, in_the_past = draft(alice), draft(alice, bob, at=tomorrow().replace(year=2025))

    for lesson in (without_students, in_the_past):
        assert api(alice).get(url(lesson)).json()["available_transitions"] == ["cancel"]


@pytest.mark.parametrize("make", AVAILABLE)
def test_a_student_reads_a_lesson_in_every_status(make: Any, alice: User, bob: User) -> None:
    lesson = make(alice, bob)

    assert api(bob).get(url(lesson)).json()["status"] == lesson.status


@pytest.mark.parametrize("students", [1, 12])
def test_a_lesson_takes_three_queries_however_full(
    students: int, alice: User, django_assert_num_queries: Any, class_of: Any
) -> None:
    """The reader, the lesson with its teacher, the students."""
    lesson = draft(alice, *class_of(students))

    with django_assert_num_queries(3):
        api(alice).get(url(lesson))


@pytest.mark.parametrize("pk", ["0", "999999999", str(2**63 - 1), str(2**63), "9" * 19, "9" * 20, "9" * 500])
def test_a_lesson_that_is_not_there(pk: str, maria: User) -> None:
    problem(api(maria).get(f"{LESSONS}{pk}/"), 404, "not_found", None)


def test_head_is_get_without_the_body(alice: User) -> None:
    lesson = draft(alice)

    response = api(alice).head(url(lesson))

    assert (response.status_code, response.content) == (200, b"")
    assert response["ETag"] == api(alice).get(url(lesson))["ETag"]
