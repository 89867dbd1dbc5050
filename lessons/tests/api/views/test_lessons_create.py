"""Creating lessons."""

from typing import Any

import pytest

from lessons.models import Lesson, User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, url
from lessons.tests.people import Teacher, draft, tomorrow
from lessons.tests.rows import history, ids, nothing_written

pytestmark = pytest.mark.django_db


def test_a_teacher_creates_a_draft(alice: User, bob: User, carol: User) -> None:
    response = api(alice).post(LESSONS, lesson_body(carol, bob, description="Sums"))

    lesson = Lesson.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver{url(lesson)}"
    assert response.json() == api(alice).get(response["Location"]).json()
    assert (lesson.title, lesson.description, lesson.teacher, lesson.status) == ("Algebra", "Sums", alice, "draft")
    assert (lesson.start_time, lesson.end_time) == (tomorrow(10), tomorrow(11))
    assert lesson.student_ids == ids(bob, carol)
    assert history(lesson) == ["created"]


def test_the_event_remembers_who_and_in_which_request(alice: User) -> None:
    api(alice).post(LESSONS, lesson_body(), headers={"X-Request-ID": "abc-1"})

    event = Lesson.objects.get().events.get()
    assert (event.actor, event.request_id) == (alice, "abc-1")


def test_a_draft_may_be_without_students_and_description(alice: User) -> None:
    shown = api(alice).post(LESSONS, lesson_body()).json()

    assert (shown["students"], shown["description"]) == ([], "")


def test_a_manager_creates_for_a_teacher(alice: User, maria: User) -> None:
    response = api(maria).post(LESSONS, lesson_body(teacher=alice.pk))

    assert response.json()["teacher"]["username"] == "alice"
    assert Lesson.objects.get().events.get().actor == maria


def test_a_teacher_may_attend(alice: User, anna: User) -> None:
    assert api(alice).post(LESSONS, lesson_body(anna)).status_code == 201


def test_two_drafts_may_be_at_the_same_time(alice: User, bob: User) -> None:
    for _ in range(2):
        assert api(alice).post(LESSONS, lesson_body(bob)).status_code == 201


def test_five_hundred_students_are_enough(alice: User, class_of: Any) -> None:
    students = class_of(501)

    assert api(alice).post(LESSONS, lesson_body(*students[:500])).status_code == 201
    with nothing_written():
        response = api(alice).post(LESSONS, lesson_body(*students))
    problem(response, 400, "invalid", "students")


def test_the_longest_title_is_kept_as_it_is(alice: User) -> None:
    title = "Ä" * 198 + "学😀"

    assert api(alice).post(LESSONS, lesson_body(title=title)).json()["title"] == title


@pytest.mark.parametrize(
    ("attr", "code", "of"),
    [
        ("students", "duplicate", lambda people: {"students": [people["bob"], people["bob"]]}),
        ("students", "teacher_among_students", lambda people: {"students": [people["alice"]]}),
        ("students", "not_a_student", lambda people: {"students": [people["bob"], 2**62]}),
        ("students", "not_a_student", lambda people: {"students": [people["maria"]]}),
        ("students", "not_a_student", lambda people: {"students": [people["gone"]]}),
    ],
)
def test_students_who_cannot_attend_are_refused(
    attr: str, code: str, of: Any, alice: User, bob: User, maria: User
) -> None:
    gone = Teacher(username="gone", is_active=False)
    people = {person.username: person.pk for person in (alice, bob, maria, gone)}

    with nothing_written():
        response = api(alice).post(LESSONS, {**lesson_body(), **of(people)})

    assert problem(response, 400, "invalid", attr)["errors"][0]["code"] == code


@pytest.mark.parametrize("who", ["bob", "maria", "gone", "nobody"])
def test_a_teacher_who_does_not_teach_is_refused(who: str, bob: User, maria: User) -> None:
    gone = Teacher(username="gone", is_active=False)
    teacher = {"bob": bob.pk, "maria": maria.pk, "gone": gone.pk, "nobody": 2**62}[who]

    with nothing_written():
        response = api(maria).post(LESSONS, lesson_body(teacher=teacher))

    assert problem(response, 400, "invalid", "teacher")["errors"][0]["code"] == "not_a_teacher"


def test_a_manager_has_to_name_a_teacher(maria: User) -> None:
    with nothing_written():
        response = api(maria).post(LESSONS, lesson_body())

    assert problem(response, 400, "invalid", "teacher")["errors"][0]["code"] == "required"


def test_a_list_is_not_changed_and_a_lesson_not_deleted(alice: User) -> None:
    lesson = draft(alice)
    client = api(alice)

    with nothing_written():
        for refused in (
            client.put(url(lesson), lesson_body()),
            client.delete(url(lesson)),
            client.post(url(lesson), {}),
            client.patch(LESSONS, {}),
            client.delete(LESSONS),
            client.get(url(lesson, "start")),
            client.generic("PROPFIND", LESSONS),
        ):
            problem(refused, 405, "method_not_allowed", None)
            assert refused["Allow"]
