"""Editing a lesson: what may be edited when, and what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lessons import lifecycle
from lessons.lifecycle import ConditionUnmet, Edit, InvalidLesson, NotEditable, NotPermitted, VersionMismatch
from lessons.models import Lesson, SlotConflict, Status, User
from lessons.tests.lifecycle.ways import IN_STATUS
from lessons.tests.people import draft, scheduled, tomorrow
from lessons.tests.rows import history, ids, nothing_written

pytestmark = pytest.mark.django_db

EDITABLE = {
    Status.DRAFT: {"title", "description", "teacher_id", "students", "start_time", "end_time"},
    Status.SCHEDULED: {"title", "description", "teacher_id", "students"},
    Status.IN_PROGRESS: {"title", "description"},
    Status.COMPLETED: set(),
    Status.CANCELLED: set(),
}
FIELDS = sorted(EDITABLE[Status.DRAFT])
MAY = [(status, field) for status in Status for field in FIELDS if field in EDITABLE[status]]
MAY_NOT = [(status, field) for status in Status for field in FIELDS if field not in EDITABLE[status]]


def update(lesson: Lesson, actor: User | None, *, expected_version: int | None = None, **edit: Any) -> Lesson:
    return lifecycle.update_lesson(
        lesson_id=lesson.pk, actor=actor, edit=Edit(**edit), expected_version=expected_version, reason="as agreed"
    )


@pytest.fixture
def new_values(anna: User, carol: User) -> dict[str, Any]:
    return {
        "title": "Geometry",
        "description": "Triangles",
        "teacher_id": anna.pk,
        "students": frozenset({carol.pk}),
        "start_time": tomorrow(9),
        "end_time": tomorrow(12),
    }


def current(lesson: Lesson, field: str) -> Any:
    return lesson.student_ids if field == "students" else getattr(lesson, field)


@pytest.mark.parametrize(("status", "field"), MAY)
def test_what_may_be_edited_is_written_with_an_event(
    status: str, field: str, new_values: dict[str, Any], alice: User, bob: User, maria: User
) -> None:
    lesson = IN_STATUS[status](alice, bob)

    updated = update(lesson, maria, **{field: new_values[field]})

    row = Lesson.objects.get(pk=lesson.pk)
    assert current(row, field) == new_values[field]
    assert (row.status, row.version, history(row)[-1]) == (status, lesson.version + 1, "updated")
    event = row.events.latest("id")
    assert (event.actor, event.reason, updated.latest_event) == (maria, "as agreed", event)


@pytest.mark.parametrize(("status", "field"), MAY_NOT)
def test_what_may_not_be_edited_is_refused_by_name(
    status: str, field: str, new_values: dict[str, Any], alice: User, bob: User, maria: User
) -> None:
    lesson = IN_STATUS[status](alice, bob)

    with nothing_written(), pytest.raises(NotEditable) as refused:
        update(lesson, maria, **{field: new_values[field]})

    assert (refused.value.field, refused.value.lesson.status) == (field, status)


@pytest.mark.parametrize("status", Status)
def test_the_same_values_again_change_nothing(status: str, alice: User, bob: User) -> None:
    lesson = IN_STATUS[status](alice, bob)
    same = {field: current(lesson, field) for field in FIELDS}

    with nothing_written():
        updated = update(lesson, alice, **same)

    assert (updated.version, updated.latest_event) == (lesson.version, None)


def test_nothing_given_changes_nothing(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written():
        update(lesson, alice)


def test_a_description_can_be_emptied(alice: User) -> None:
    lesson = draft(alice, description="Sums")

    assert update(lesson, alice, description="").description == ""


# --- Who teaches, who attends ---------------------------------------------------------------------


def test_a_teacher_does_not_give_the_lesson_away(alice: User, anna: User) -> None:
    lesson = draft(alice)

    with nothing_written(), pytest.raises(NotPermitted):
        update(lesson, alice, teacher_id=anna.pk)


def test_a_teacher_who_names_themselves_again_is_not_refused(alice: User) -> None:
    assert update(draft(alice), alice, teacher_id=alice.pk, title="Geometry").title == "Geometry"


INVALID_PEOPLE: dict[str, Callable[[User, User, User], tuple[dict[str, Any], tuple[str, str]]]] = {
    "a student teaches": lambda alice, bob, maria: ({"teacher_id": bob.pk}, ("students", "teacher_among_students")),
    "a manager teaches": lambda alice, bob, maria: ({"teacher_id": maria.pk}, ("teacher", "not_a_teacher")),
    "nobody teaches": lambda alice, bob, maria: ({"teacher_id": 10**9}, ("teacher", "not_a_teacher")),
    "the teacher attends": lambda alice, bob, maria: (
        {"students": frozenset({alice.pk})},
        ("students", "teacher_among_students"),
    ),
    "a manager attends": lambda alice, bob, maria: ({"students": frozenset({maria.pk})}, ("students", "not_a_student")),
    "nobody attends": lambda alice, bob, maria: ({"students": frozenset({10**9})}, ("students", "not_a_student")),
}


@pytest.mark.parametrize("case", INVALID_PEOPLE)
@pytest.mark.parametrize("make", [draft, scheduled])
def test_people_are_validated(make: Callable[..., Lesson], case: str, alice: User, bob: User, maria: User) -> None:
    lesson = make(alice, bob)
    edit, expected = INVALID_PEOPLE[case](alice, bob, maria)

    with nothing_written(), pytest.raises(InvalidLesson) as refused:
        update(lesson, maria, **edit)

    assert (refused.value.field, refused.value.code) == expected


def test_who_was_deactivated_since_may_stay(alice: User, bob: User, carol: User) -> None:
    lesson = draft(alice, bob)
    bob.is_active = False
    bob.save()

    assert update(lesson, alice, students=frozenset({bob.pk, carol.pk})).student_ids == ids(bob, carol)


def test_the_last_student_of_a_scheduled_lesson_stays(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written(), pytest.raises(ConditionUnmet) as refused:
        update(lesson, alice, students=frozenset())

    assert refused.value.code == "no_students"


def test_the_last_student_of_a_draft_may_leave(alice: User, bob: User) -> None:
    assert update(draft(alice, bob), alice, students=frozenset()).student_ids == frozenset()


# --- Times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "hour"), [("end_time", 10), ("start_time", 11)])
def test_an_edited_draft_ends_after_it_starts(field: str, hour: int, alice: User) -> None:
    lesson = draft(alice, at=tomorrow(10))

    with nothing_written(), pytest.raises(InvalidLesson) as refused:
        update(lesson, alice, **{field: tomorrow(hour)})

    assert (refused.value.field, refused.value.code) == ("end_time", "ends_before_start")


def test_an_edited_draft_is_not_too_far_away(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written(), pytest.raises(InvalidLesson) as refused:
        update(lesson, alice, end_time=lesson.end_time + timedelta(days=6 * 366))

    assert (refused.value.field, refused.value.code) == ("end_time", "too_far_away")


# --- Versions, and the order of refusals ----------------------------------------------------------


def test_an_edit_of_the_version_that_was_read_succeeds(alice: User) -> None:
    assert update(draft(alice), alice, expected_version=1, title="Geometry").version == 2


@pytest.mark.parametrize("version", [1, 3])
def test_an_edit_of_another_version_is_refused(version: int, alice: User) -> None:
    lesson = update(draft(alice), alice, title="Geometry")

    with nothing_written(), pytest.raises(VersionMismatch):
        update(lesson, alice, expected_version=version, title="Topology")


def test_invalid_comes_before_version_mismatch_before_not_editable(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    too_early = lesson.start_time - timedelta(hours=1)

    with pytest.raises(NotPermitted):
        update(lesson, alice, expected_version=1, end_time=too_early, teacher_id=bob.pk)
    with pytest.raises(InvalidLesson):
        update(lesson, alice, expected_version=1, end_time=too_early)
    with pytest.raises(VersionMismatch):
        update(lesson, alice, expected_version=1, end_time=lesson.end_time + timedelta(hours=1))
    with pytest.raises(NotEditable):
        update(lesson, alice, expected_version=2, end_time=lesson.end_time + timedelta(hours=1))


def test_version_mismatch_comes_before_a_clash(alice: User, anna: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, bob)
    scheduled(anna, carol)
    students = frozenset({bob.pk, carol.pk})

    with pytest.raises(VersionMismatch):
        update(lesson, alice, expected_version=1, students=students)
    with pytest.raises(SlotConflict):
        update(lesson, alice, expected_version=2, students=students)
