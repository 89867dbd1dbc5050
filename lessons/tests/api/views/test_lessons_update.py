"""Editing lessons."""

from typing import Any

import pytest

from lessons.models import Lesson, User
from lessons.tests.api.client import api, problem, times, url
from lessons.tests.people import cancelled, completed, draft, scheduled, started, tomorrow
from lessons.tests.rows import history, ids, nothing_written

pytestmark = pytest.mark.django_db


def test_a_teacher_edits_a_draft(alice: User, bob: User, carol: User) -> None:
    lesson = draft(alice, bob)

    response = api(alice).patch(
        url(lesson), {"title": "Geometry", "description": "Lines", "students": [carol.pk], **times(14)}
    )

    assert response.status_code == 200
    assert response.json() == api(alice).get(url(lesson)).json()
    row = Lesson.objects.get()
    assert (row.title, row.description, row.version) == ("Geometry", "Lines", 2)
    assert (row.start_time, row.end_time, row.student_ids) == (tomorrow(14), tomorrow(15), ids(carol))
    assert history(row) == ["created", "updated"]


def test_what_is_left_out_stays(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob, description="Sums")

    shown = api(alice).patch(url(lesson), {"title": "Geometry"}).json()

    assert (shown["title"], shown["description"], len(shown["students"])) == ("Geometry", "Sums", 1)


def test_a_manager_gives_a_lesson_to_another_teacher(alice: User, anna: User, bob: User, maria: User) -> None:
    lesson = scheduled(alice, bob)

    assert api(maria).patch(url(lesson), {"teacher": anna.pk}).json()["teacher"]["username"] == "anna"
    assert Lesson.objects.get().teacher == anna


@pytest.mark.parametrize("make", [draft, scheduled, started, completed, cancelled])
def test_the_same_again_changes_nothing(make: Any, alice: User, bob: User) -> None:
    lesson = make(alice, bob)
    shown = api(alice).get(url(lesson)).json()
    same = {name: shown[name] for name in ("title", "description", "start_time", "end_time")}

    with nothing_written():
        response = api(alice).patch(url(lesson), {**same, "teacher": alice.pk, "students": [bob.pk]})
        empty = api(alice).patch(url(lesson), {})

    assert (response.status_code, response.json()) == (200, shown)
    assert (empty.status_code, empty.json()) == (200, shown)


@pytest.mark.parametrize(
    ("make", "body", "attr"),
    [
        (scheduled, {"start_time": tomorrow(10, 30).isoformat()}, "start_time"),
        (scheduled, {"end_time": tomorrow(12).isoformat()}, "end_time"),
        (started, {"end_time": tomorrow(12).isoformat()}, "end_time"),
        (started, {"students": []}, "students"),
        (completed, {"title": "Geometry"}, "title"),
        (completed, {"description": "Lines"}, "description"),
        (cancelled, {"title": "Geometry"}, "title"),
    ],
)
def test_what_may_not_be_edited_any_more(make: Any, body: dict[str, Any], attr: str, alice: User, bob: User) -> None:
    lesson = make(alice, bob, at=tomorrow(10))

    with nothing_written():
        response = api(alice).patch(url(lesson), body)

    assert problem(response, 409, "not_editable", attr)["current_status"] == lesson.status


READ_ONLY = ["id", "status", "version", "available_transitions", "blocked_transitions", "created_at", "updated_at"]


@pytest.mark.parametrize("field", [*READ_ONLY, "event", "dispatch", "reason", "is_staff"])
def test_what_cannot_be_set_is_refused_by_name(field: str, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    value = api(alice).get(url(lesson)).json().get(field)  # not even to what it is

    with nothing_written():
        response = api(alice).patch(url(lesson), {"title": "Geometry", field: value})

    assert problem(response, 400, "invalid", field)["errors"][0]["code"] == (
        "read_only" if field in READ_ONLY else "unknown"
    )


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"teacher": None}, "teacher"),
        ({"students": None}, "students"),
        ({"students": ["1"]}, "students.0"),
        ({"start_time": "2027-01-01T10:00:00"}, "start_time"),
        ({"end_time": tomorrow(10).isoformat()}, "end_time"),
        ({"start_time": tomorrow(11).isoformat()}, "end_time"),
        ({"start_time": "2020-01-01T10:00:00Z"}, "start_time"),
    ],
)
def test_values_are_checked_as_on_creating(body: dict[str, Any], attr: str, alice: User) -> None:
    lesson = draft(alice, at=tomorrow(10))

    with nothing_written():
        response = api(alice).patch(url(lesson), body)

    problem(response, 400, "invalid", attr)


@pytest.mark.parametrize("students", [1, 12])
def test_an_edit_takes_as_many_queries_however_full_the_lesson(
    students: int, alice: User, django_assert_num_queries: Any, class_of: Any
) -> None:
    lesson = draft(alice, *class_of(students))

    with django_assert_num_queries(7):
        api(alice).patch(url(lesson), {"title": "Geometry"})
