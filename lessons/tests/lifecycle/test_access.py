"""Who may do what, for every role, relation and right: as the table of rights says, and nothing is written else."""

from collections.abc import Callable
from typing import Any

import pytest

from lessons import lifecycle, policies
from lessons.lifecycle import Edit, LessonNotFound, NotPermitted
from lessons.models import Lesson, Status, User
from lessons.policies import Relation, Right, Role
from lessons.tests.lifecycle.ways import IN_STATUS, change
from lessons.tests.people import Person, draft
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

SOURCES = {
    Right.SCHEDULE: Status.DRAFT,
    Right.RESCHEDULE: Status.SCHEDULED,
    Right.START: Status.SCHEDULED,
    Right.COMPLETE: Status.IN_PROGRESS,
    Right.CANCEL: Status.DRAFT,
}
CHANGES: dict[Right, Callable[[Lesson, User], Any]] = {
    Right.UPDATE: lambda lesson, actor: lifecycle.update_lesson(
        lesson_id=lesson.pk, actor=actor, edit=Edit(title="Geometry")
    ),
    **{right: lambda lesson, actor, right=right: change(right, lesson, actor) for right in SOURCES},
}
POSSIBLE = [  # only who has a teaching role teaches, and only who has an attending one attends
    (role, relation)
    for role in Role
    for relation in Relation
    if not (relation is Relation.TEACHES and role not in policies.TEACHING_ROLES)
    and not (relation is Relation.ATTENDS and role not in policies.ATTENDING_ROLES)
]
CASES = pytest.mark.parametrize(
    ("role", "relation", "right"), [(*case, right) for case in POSSIBLE for right in CHANGES]
)


def lesson_and_actor(role: Role, relation: Relation, right: Right, alice: User, bob: User) -> tuple[Lesson, User]:
    actor = Person(username="somebody", role=role)
    teacher = actor if relation is Relation.TEACHES else alice
    students = [bob, actor] if relation is Relation.ATTENDS else [bob]
    return IN_STATUS[SOURCES.get(right, Status.DRAFT)](teacher, *students), actor


@CASES
def test_a_change_is_made_or_refused_by_the_table(
    role: Role, relation: Relation, right: Right, alice: User, bob: User
) -> None:
    lesson, actor = lesson_and_actor(role, relation, right, alice, bob)
    rights = policies.RIGHTS[role][relation]

    if right in rights:
        CHANGES[right](lesson, actor)
        assert lesson.events.latest("id").actor == actor
        return
    with nothing_written(), pytest.raises(NotPermitted if Right.READ in rights else LessonNotFound):
        CHANGES[right](lesson, actor)


@CASES
def test_check_access_says_the_same_beforehand(
    role: Role, relation: Relation, right: Right, alice: User, bob: User
) -> None:
    lesson, actor = lesson_and_actor(role, relation, right, alice, bob)
    rights = policies.RIGHTS[role][relation]

    if right in rights:
        lifecycle.check_access(lesson_id=lesson.pk, actor=actor, right=right)
        return
    with pytest.raises(NotPermitted if Right.READ in rights else LessonNotFound):
        lifecycle.check_access(lesson_id=lesson.pk, actor=actor, right=right)


@pytest.mark.parametrize("right", CHANGES)
def test_the_system_may_do_everything(right: Right, alice: User, bob: User) -> None:
    lesson = IN_STATUS[SOURCES.get(right, Status.DRAFT)](alice, bob)

    CHANGES[right](lesson, None)

    assert lesson.events.latest("id").actor is None


@pytest.mark.parametrize("right", CHANGES)
@pytest.mark.parametrize("who", ["alice", "maria", "root"])
def test_who_was_deactivated_finds_nothing(
    who: str, right: Right, alice: User, bob: User, request: pytest.FixtureRequest
) -> None:
    lesson = IN_STATUS[SOURCES.get(right, Status.DRAFT)](alice, bob)
    actor = request.getfixturevalue(who)
    actor.is_active = False
    actor.save()

    with nothing_written(), pytest.raises(LessonNotFound):
        CHANGES[right](lesson, actor)


@pytest.mark.parametrize("right", CHANGES)
def test_a_lesson_that_does_not_exist_is_not_found_even_by_root(right: Right, alice: User, root: User) -> None:
    lesson = draft(alice)
    lesson.pk = 10**9

    with nothing_written(), pytest.raises(LessonNotFound):
        CHANGES[right](lesson, root)


def test_who_may_not_see_a_lesson_learns_nothing_from_a_wrong_version_or_value(
    alice: User, anna: User, bob: User
) -> None:
    lesson = draft(alice)

    for actor in (anna, bob):
        with nothing_written(), pytest.raises(LessonNotFound):
            change("reschedule", lesson, actor, end_time=lesson.start_time, expected_version=7)


def test_who_may_not_change_a_lesson_is_told_so_first(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    with nothing_written(), pytest.raises(NotPermitted):
        change("reschedule", lesson, bob, end_time=lesson.start_time, expected_version=7)


def test_rights_are_asked_of_the_lesson_as_it_is_and_not_as_it_was_read(alice: User, anna: User, maria: User) -> None:
    lesson = draft(alice)
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=maria, edit=Edit(teacher_id=anna.pk))

    with nothing_written(), pytest.raises(LessonNotFound):
        change("cancel", lesson, alice)
