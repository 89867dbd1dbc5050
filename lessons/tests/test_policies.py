"""The table of rights says something for every role and relation, and no more than was promised."""

from dataclasses import dataclass

import pytest

from lessons import policies
from lessons.models.lesson import TRANSITIONS
from lessons.policies import EVERYTHING, NOTHING, READ_ONLY, RIGHTS, Relation, Right, Role


@dataclass(frozen=True)
class Somebody:
    role: str
    pk: int = 1
    is_active: bool = True


EXPECTED = {
    (Role.STUDENT, Relation.TEACHES): NOTHING,
    (Role.STUDENT, Relation.ATTENDS): READ_ONLY,
    (Role.STUDENT, Relation.NONE): NOTHING,
    (Role.TEACHER, Relation.TEACHES): EVERYTHING - {Right.SET_TEACHER},
    (Role.TEACHER, Relation.ATTENDS): READ_ONLY,
    (Role.TEACHER, Relation.NONE): NOTHING,
    **{(role, relation): EVERYTHING for role in (Role.MANAGER, Role.ADMIN) for relation in Relation},
}
EVERY_CASE = [(role, relation, right) for role in Role for relation in Relation for right in Right]


def test_the_table_is_complete() -> None:
    assert set(RIGHTS) == set(Role)
    assert all(set(by_relation) == set(Relation) for by_relation in RIGHTS.values())


def test_every_transition_is_a_right() -> None:
    assert set(TRANSITIONS) <= {str(right) for right in Right}


@pytest.mark.parametrize(("role", "relation", "right"), EVERY_CASE)
def test_a_right_is_had_as_promised(role: Role, relation: Relation, right: Right) -> None:
    assert policies.has_right(Somebody(role), right, relation) == (right in EXPECTED[role, relation])


@pytest.mark.parametrize(("role", "relation", "right"), EVERY_CASE)
def test_who_was_deactivated_has_no_right(role: Role, relation: Relation, right: Right) -> None:
    assert not policies.has_right(Somebody(role, is_active=False), right, relation)


@pytest.mark.parametrize("right", Right)
def test_the_system_has_every_right(right: Right) -> None:
    assert policies.has_right(None, right, Relation.NONE)


def test_whoever_may_do_anything_may_read() -> None:
    assert all(Right.READ in rights for by_relation in RIGHTS.values() for rights in by_relation.values() if rights)


@pytest.mark.parametrize(
    ("role", "own", "others", "nobodys"),
    [
        (Role.STUDENT, False, False, False),
        (Role.TEACHER, True, False, False),
        (Role.MANAGER, True, True, True),
        (Role.ADMIN, True, True, True),
    ],
)
def test_lessons_are_created_for(role: Role, own: bool, others: bool, nobodys: bool) -> None:
    person = Somebody(role, pk=1)

    assert [policies.may_create_for(person, teacher_id) for teacher_id in (1, 2, None)] == [own, others, nobodys]
    assert policies.may_create(person) == own
    assert not policies.may_create_for(Somebody(role, pk=1, is_active=False), 1)


def test_the_system_creates_for_anybody() -> None:
    assert policies.may_create_for(None, 1)


def test_managers_and_administrators_see_everything() -> None:
    assert {role for role in Role if policies.sees_everything(Somebody(role))} == {Role.MANAGER, Role.ADMIN}
