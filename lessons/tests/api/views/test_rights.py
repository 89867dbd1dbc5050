"""Who gives lessons away, who creates them for whom, and who finds them. The matrix is in ../test_matrix.py."""

from collections.abc import Callable

import pytest

from lessons import policies
from lessons.models import Lesson, User
from lessons.policies import Relation, Right, Role
from lessons.tests.api.client import LESSONS, api, lesson_body, url
from lessons.tests.people import Person, draft

pytestmark = pytest.mark.django_db


def lesson_of(person: User, relation: Relation, make: Callable[..., Lesson], alice: User, bob: User) -> Lesson:
    teacher = person if relation is Relation.TEACHES else alice
    students = [bob, person] if relation is Relation.ATTENDS else [bob]
    return make(teacher, *students)


def now_a(role: Role, person: User) -> User:
    """Roles change, lessons stay: so a student may be found teaching, and a manager attending."""
    person.role = role
    person.save()
    return person


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
