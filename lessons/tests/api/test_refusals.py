"""What the domain refuses, as a client hears it: which refusal comes first, and what it says about the lesson."""

from typing import Any

import pytest
from django.db import DatabaseError, ProgrammingError, connection

from lessons import lifecycle
from lessons.models import Lesson, User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, times, url
from lessons.tests.people import PASSWORD, cancelled, completed, draft, scheduled, tomorrow
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

STALE = {"If-Match": '"99-00000000"'}
TOO_LONG = {"title": "a" * 201}
FOR_ANNA = {**TOO_LONG, "teacher": "{anna}"}

# Who asks for what, and what is wrong with it, in the order of the answers: each row has several faults at once.
PRECEDENCE: dict[str, tuple[Any, ...]] = {
    # 401 before all
    "nobody, an unknown address": (None, "get", "/api/v1/nonsense/", None, 401, "not_authenticated"),
    "nobody, a wrong method": (None, "delete", "{completed}", None, 401, "not_authenticated"),
    "nobody, somebody else's lesson": (None, "patch", "{completed}", TOO_LONG, 401, "not_authenticated"),
    "nobody, a stale start": (None, "post", "{completed}start/", {"no": 1}, 401, "not_authenticated"),
    # 404 before 403, 400, 412, 409
    "a stranger reads with a bad query": ("anna", "get", "{completed}?no=1", None, 404, "not_found"),
    "a stranger edits": ("anna", "patch", "{completed}", TOO_LONG, 404, "not_found"),
    "a stranger starts": ("carol", "post", "{completed}start/", {"no": 1}, 404, "not_found"),
    "an unknown lesson is started": ("alice", "post", "/api/v1/lessons/0/start/", {"no": 1}, 404, "not_found"),
    "an unknown lesson with a bad query": ("alice", "get", "/api/v1/lessons/0/?no=1", None, 404, "not_found"),
    "a history with a bad query": ("anna", "get", "{completed}events/?page_size=no", None, 404, "not_found"),
    "a dispatch with a bad query": ("anna", "get", "{dispatch}?no=1", None, 404, "not_found"),
    "an unknown transition": ("alice", "post", "{completed}explode/", {"no": 1}, 404, "not_found"),
    # 403 before 400, 412, 409
    "a student edits": ("bob", "patch", "{completed}", TOO_LONG, 403, "permission_denied"),
    "a student starts": ("bob", "post", "{completed}start/", {"no": 1}, 403, "permission_denied"),
    "a student starts with a bad query": ("bob", "post", "{completed}start/?no=1", {}, 403, "permission_denied"),
    "a student follows a dispatch": ("bob", "get", "{dispatch}?no=1", None, 403, "permission_denied"),
    "a student creates": ("bob", "post", LESSONS, TOO_LONG, 403, "permission_denied"),
    "a teacher creates for Anna": ("alice", "post", LESSONS, FOR_ANNA, 403, "permission_denied"),
    "a teacher gives away": ("alice", "patch", "{completed}", FOR_ANNA, 403, "permission_denied"),
    # 400 before 412, 409
    "a long title": ("alice", "patch", "{completed}", TOO_LONG, 400, "invalid"),
    "an unknown field": ("alice", "post", "{completed}start/", {"no": 1}, 400, "invalid"),
    "unknown students": ("alice", "patch", "{completed}", {"students": [2**62]}, 400, "invalid"),
    "times the wrong way round": ("alice", "post", "{completed}reschedule/", "{backwards}", 400, "invalid"),
    # 412 before 409
    "a stale edit": ("alice", "patch", "{completed}", {"title": "Geometry"}, 412, "version_mismatch"),
    "a stale start": ("alice", "post", "{completed}start/", {}, 412, "version_mismatch"),
    "a stale clash": ("alice", "post", "{clashing}schedule/", {}, 412, "version_mismatch"),
}  # fmt: skip


@pytest.fixture
def people(alice: User, anna: User, bob: User, carol: User) -> dict[str | None, User | None]:
    return {"alice": alice, "anna": anna, "bob": bob, "carol": carol, None: None}


@pytest.fixture
def places(alice: User, anna: User, bob: User) -> dict[str, Any]:
    """What stands in for the names in braces: Alice's finished lesson with Bob, a draft that clashes with it."""
    lesson = completed(alice, bob)
    return {
        "{completed}": url(lesson),
        "{clashing}": url(draft(alice, bob)),
        "{dispatch}": f"/api/v1/dispatches/{lesson.events.latest('id').pk}/",
        "{anna}": anna.pk,
        "{backwards}": {"start_time": tomorrow(11).isoformat(), "end_time": tomorrow(10).isoformat()},
    }


def filled_in(body: Any, places: dict[str, Any]) -> Any:
    if isinstance(body, dict):
        return {name: places.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    return places.get(body, body)


@pytest.mark.parametrize("case", PRECEDENCE)
def test_of_several_refusals_the_first_is_told(
    case: str, people: dict[str | None, User | None], places: dict[str, Any]
) -> None:
    who, verb, address, body, status, code = PRECEDENCE[case]
    for name, place in places.items():
        address = address.replace(name, str(place))

    with nothing_written():
        response = getattr(api(people[who]), verb)(address, filled_in(body, places), headers=STALE)

    problem(response, status, code)


# --- How the lesson is now ------------------------------------------------------------------------


def test_a_transition_that_is_not_possible_says_what_is(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = api(alice).post(url(lesson, "complete"))

    body = problem(response, 409, "transition_not_allowed", None)
    assert (body["current_status"], body["available_transitions"]) == ("scheduled", ["reschedule", "start", "cancel"])


@pytest.mark.parametrize("name", ["schedule", "start", "complete", "cancel"])
def test_a_finished_lesson_goes_nowhere(name: str, alice: User, bob: User) -> None:
    lesson = cancelled(alice, bob)

    with nothing_written():
        response = api(alice).post(url(lesson, name))

    body = problem(response, 409, "transition_not_allowed", None)
    assert (body["current_status"], body["available_transitions"]) == ("cancelled", [])


def test_an_unmet_condition_is_named(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written():
        response = api(alice).post(url(lesson, "schedule"))

    body = problem(response, 409, "condition_unmet", None)
    assert (body["condition"], body["current_status"], body["available_transitions"]) == (
        "no_students",
        "draft",
        ["cancel"],
    )


def test_a_reschedule_to_the_same_time_is_refused(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob, at=tomorrow(10))

    with nothing_written():
        response = api(alice).post(url(lesson, "reschedule"), times(10))

    assert problem(response, 409, "condition_unmet")["condition"] == "nothing_changes"


def test_a_field_that_cannot_be_edited_any_more_is_named(alice: User, anna: User, bob: User, maria: User) -> None:
    lesson = completed(alice, bob)

    with nothing_written():
        response = api(maria).patch(url(lesson), {"teacher": anna.pk})

    body = problem(response, 409, "not_editable", "teacher")
    assert (body["current_status"], body["available_transitions"]) == ("completed", [])


def test_the_last_student_of_a_scheduled_lesson_stays(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = api(alice).patch(url(lesson), {"students": []})

    body = problem(response, 409, "condition_unmet")
    assert (body["condition"], body["available_transitions"]) == ("no_students", ["reschedule", "start", "cancel"])


# --- Somebody is booked already -------------------------------------------------------------------


def test_a_clash_names_the_person_and_the_lesson(alice: User, bob: User) -> None:
    other = scheduled(alice, bob, at=tomorrow(10))
    lesson = draft(alice, bob, at=tomorrow(10, 30))

    with nothing_written():
        response = api(alice).post(url(lesson, "schedule"))

    body = problem(response, 409, "slot_conflict", None)
    assert [(conflict["user"]["id"], conflict["lesson"]) for conflict in body["conflicts"]] == [
        (alice.pk, other.pk),
        (bob.pk, other.pk),
    ]
    assert body["conflicts"][1]["user"] == {"id": bob.pk, "username": "bob", "full_name": "Bob"}
    assert body["conflicts"][1]["start_time"] == tomorrow(10).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (body["current_status"], body["available_transitions"]) == ("draft", ["schedule", "cancel"])


def test_a_clash_keeps_a_strangers_lesson_to_itself(alice: User, anna: User, bob: User, maria: User) -> None:
    hidden = scheduled(anna, bob, title="A secret lesson", at=tomorrow(10))
    lesson = draft(alice, bob, at=tomorrow(10, 30))

    with nothing_written():
        response = api(alice).post(url(lesson, "schedule"))

    assert problem(response, 409, "slot_conflict")["conflicts"] == [
        {
            "user": {"id": bob.pk, "username": "bob", "full_name": "Bob"},
            "lesson": None,
            "start_time": None,
            "end_time": None,
        }
    ]
    assert b"secret" not in response.content
    assert b"anna" not in response.content
    seen = api(maria).post(url(lesson, "schedule")).json()["conflicts"]
    assert [conflict["lesson"] for conflict in seen] == [hidden.pk]


@pytest.mark.parametrize("verb", ["reschedule", "patch"])
def test_moving_and_joining_clash_too(verb: str, alice: User, anna: User, bob: User, carol: User) -> None:
    scheduled(anna, carol, at=tomorrow(14))
    lesson = (
        scheduled(alice, bob, carol, at=tomorrow(9)) if verb == "reschedule" else scheduled(alice, bob, at=tomorrow(14))
    )

    with nothing_written():
        if verb == "patch":
            response = api(alice).patch(url(lesson), {"students": [bob.pk, carol.pk]})
        else:
            response = api(alice).post(url(lesson, "reschedule"), times(14))

    assert [conflict["user"]["id"] for conflict in problem(response, 409, "slot_conflict")["conflicts"]] == [carol.pk]


# --- Others at the same lesson --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_a_lock_is_told_to_try_again(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM lessons_lesson WHERE id = %s FOR UPDATE", [lesson.pk])
            response = api(alice).post(url(lesson, "start"))
        other.rollback()
    finally:
        other.close()

    body = problem(response, 409, "concurrent_change", None)
    assert (body["current_status"], body["available_transitions"]) == ("scheduled", ["reschedule", "start", "cancel"])
    assert Lesson.objects.get().status == "scheduled"


@pytest.mark.django_db(transaction=True)
def test_without_the_database_the_api_is_unavailable(alice: User, bob: User, database_away: Any) -> None:
    lesson = scheduled(alice, bob)
    client = api(alice)

    with nothing_written(), database_away():
        responses = [
            client.get(LESSONS),
            client.post(LESSONS, lesson_body(bob)),
            client.post(url(lesson, "start")),
            api().post("/api/v1/auth/token/", {"username": "alice", "password": PASSWORD}),
        ]

    for response in responses:
        problem(response, 503, "service_unavailable", None)
        assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("error", "status", "code"), [(DatabaseError, 503, "service_unavailable"), (ProgrammingError, 500, "error")]
)
def test_a_connection_that_breaks_in_mid_answer_is_no_fault_of_ours_and_wrong_sql_is(
    error: type[Exception], status: int, code: str, alice: User
) -> None:
    def broken(*_: Any) -> None:
        raise error("server closed the connection unexpectedly")

    with connection.execute_wrapper(broken):
        response = api(alice).get(LESSONS)

    problem(response, status, code, None)


def test_an_unforeseen_error_tells_nothing_about_itself(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(lifecycle, "create_lesson", broken)

    response = api(alice).post(LESSONS, lesson_body())

    problem(response, 500, "error", None)
    assert b"secret" not in response.content
    assert b"Traceback" not in response.content
