"""Every role, in every relation to a lesson, at every address of it: the answers that the table of rights says."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from lessons import policies
from lessons.models import Lesson, User
from lessons.policies import Relation, Right, Role
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, times, url
from lessons.tests.people import Person, draft, scheduled, started
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

Request = Callable[[APIClient, Lesson], Any]


def transition(name: str, body: dict[str, Any] | None = None) -> Request:
    return lambda client, lesson: client.post(url(lesson, name), body)


# What is asked for, with which right, of a lesson in which state.
ENDPOINTS: dict[str, tuple[Right, Callable[..., Lesson], Request]] = {
    "read": (Right.READ, draft, lambda client, lesson: client.get(url(lesson))),
    "events": (Right.READ, draft, lambda client, lesson: client.get(url(lesson, "events"))),
    "edit": (Right.UPDATE, draft, lambda client, lesson: client.patch(url(lesson), {"title": "Geometry"})),
    "dispatch": (
        Right.FOLLOW_DISPATCHES,
        draft,
        lambda client, lesson: client.get(f"/api/v1/dispatches/{lesson.events.get().pk}/"),
    ),
    "schedule": (Right.SCHEDULE, draft, transition("schedule")),
    "reschedule": (Right.RESCHEDULE, scheduled, transition("reschedule", times(15))),
    "start": (Right.START, scheduled, transition("start")),
    "complete": (Right.COMPLETE, started, transition("complete")),
    "cancel": (Right.CANCEL, draft, transition("cancel")),
}


def lesson_of(person: User, relation: Relation, make: Callable[..., Lesson], alice: User, bob: User) -> Lesson:
    teacher = person if relation is Relation.TEACHES else alice
    students = [bob, person] if relation is Relation.ATTENDS else [bob]
    return make(teacher, *students)


def now_a(role: Role, person: User) -> User:
    """Roles change, lessons stay: so a student may be found teaching, and a manager attending."""
    person.role = role
    person.save()
    return person


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("role", Role)
def test_the_table_of_rights_decides(role: Role, relation: Relation, endpoint: str, alice: User, bob: User) -> None:
    right, make, request = ENDPOINTS[endpoint]
    person = Person(username="somebody", role=Role.TEACHER)
    lesson = lesson_of(person, relation, make, alice, bob)
    client = api(now_a(role, person))
    rights = policies.RIGHTS[role][relation]

    if right in rights:
        assert request(client, lesson).status_code == 200
        return
    with nothing_written():
        response = request(client, lesson)
    if Right.READ in rights:
        problem(response, 403, "permission_denied", None)
    else:
        problem(response, 404, "not_found", None)


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("role", Role)
def test_only_who_may_set_the_teacher_gives_a_lesson_away(
    role: Role, relation: Relation, alice: User, anna: User, bob: User
) -> None:
    person = Person(username="somebody", role=Role.TEACHER)
    lesson = lesson_of(person, relation, draft, alice, bob)
    may = Right.SET_TEACHER in policies.RIGHTS[role][relation]

    response = api(now_a(role, person)).patch(url(lesson), {"teacher": anna.pk})

    assert (response.status_code == 200) == may
    assert (Lesson.objects.get().teacher == anna) == may


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("role", Role)
def test_the_list_shows_what_may_be_read(role: Role, relation: Relation, alice: User, bob: User) -> None:
    person = Person(username="somebody", role=Role.TEACHER)
    lesson = lesson_of(person, relation, draft, alice, bob)
    may = Right.READ in policies.RIGHTS[role][relation]

    page = api(now_a(role, person)).get(LESSONS).json()

    assert [shown["id"] for shown in page["results"]] == ([lesson.pk] if may else [])


CREATING = {  # for whom nobody is named, for oneself, for Alice
    Role.STUDENT: (403, 403, 403),
    Role.TEACHER: (201, 201, 403),
    Role.MANAGER: (400, 400, 201),  # has to name a teacher, and is none
    Role.ADMIN: (400, 400, 201),
}


@pytest.mark.parametrize("role", Role)
def test_who_creates_for_whom(role: Role, alice: User) -> None:
    person = Person(username="somebody", role=role)
    client = api(person)

    answers = [client.post(LESSONS, lesson_body(teacher=pk)).status_code for pk in (None, person.pk, alice.pk)]

    assert tuple(answers) == CREATING[role]
    assert Lesson.objects.count() == answers.count(201)
