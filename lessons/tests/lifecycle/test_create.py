"""Creating a lesson: for whom, by whom, and what no lesson can be."""

import inspect
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lessons import lifecycle
from lessons.lifecycle import InvalidLesson, NotPermitted
from lessons.models import Lesson, Status, User
from lessons.tests.people import tomorrow
from lessons.tests.rows import history, ids, nothing_written

pytestmark = pytest.mark.django_db


def create(actor: User | None, *students: User, **more: Any) -> Lesson:
    times = {"start_time": tomorrow(10), "end_time": tomorrow(11)}
    return lifecycle.create_lesson(
        **{"actor": actor, "title": "Algebra", "students": [student.pk for student in students], **times, **more}
    )


def test_a_new_lesson_is_a_draft_with_a_history(alice: User, bob: User) -> None:
    lesson = create(alice, bob, description="Sums", reason="new term")

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.title, row.description, row.status, row.version) == ("Algebra", "Sums", Status.DRAFT, 1)
    assert (row.teacher, row.student_ids) == (alice, ids(bob))
    event = row.events.get()
    assert (event.name, event.actor, event.reason) == ("created", alice, "new term")
    assert lesson.latest_event == event


def test_whatever_can_be_edited_in_a_draft_can_be_given_at_once() -> None:
    assert lifecycle.EDITABLE[Status.DRAFT] <= inspect.signature(lifecycle.create_lesson).parameters.keys()


def test_a_draft_may_have_no_students_yet(alice: User) -> None:
    assert create(alice).student_ids == frozenset()


def test_a_teacher_may_attend_a_colleagues_lesson(alice: User, anna: User) -> None:
    assert create(alice, anna).student_ids == ids(anna)


def test_a_draft_may_lie_in_the_past(alice: User) -> None:
    create(alice, start_time=tomorrow() - timedelta(days=30), end_time=tomorrow() - timedelta(days=29))


# --- For whom -------------------------------------------------------------------------------------


def test_a_teacher_who_names_themselves_teaches(alice: User) -> None:
    assert create(alice, teacher_id=alice.pk).teacher == alice


@pytest.mark.parametrize("actor", ["maria", "root", None])
def test_managers_administrators_and_the_system_create_for_any_teacher(
    actor: str | None, alice: User, request: pytest.FixtureRequest
) -> None:
    who = request.getfixturevalue(actor) if actor else None

    lesson = create(who, teacher_id=alice.pk)

    assert (lesson.teacher, lesson.events.get().actor) == (alice, who)


def test_a_teacher_does_not_create_for_another(alice: User, anna: User) -> None:
    with nothing_written(), pytest.raises(NotPermitted):
        create(alice, teacher_id=anna.pk)


@pytest.mark.parametrize("teacher", ["alice", "bob", None])
def test_a_student_creates_for_nobody(teacher: str | None, bob: User, request: pytest.FixtureRequest) -> None:
    teacher_id = request.getfixturevalue(teacher).pk if teacher else None

    with nothing_written(), pytest.raises(NotPermitted):
        create(bob, teacher_id=teacher_id)


@pytest.mark.parametrize(
    ("actor", "teacher", "refused"),
    [
        ("alice", None, False),
        ("alice", "alice", False),
        ("alice", "anna", True),
        ("bob", None, True),
        ("bob", "bob", True),
        ("maria", "alice", False),
        (None, "alice", False),
    ],
)
def test_who_may_create_is_said_beforehand(
    actor: str | None, teacher: str | None, refused: bool, db: None, request: pytest.FixtureRequest
) -> None:
    who = request.getfixturevalue(actor) if actor else None
    teacher_id = request.getfixturevalue(teacher).pk if teacher else None

    with pytest.raises(NotPermitted) if refused else nullcontext():
        lifecycle.check_may_create(actor=who, teacher_id=teacher_id)


@pytest.mark.parametrize("actor", ["alice", "maria", "root"])
def test_who_was_deactivated_creates_nothing(actor: str, alice: User, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(actor)
    person.is_active = False
    person.save()

    with nothing_written(), pytest.raises(NotPermitted):
        create(person, teacher_id=alice.pk)


# --- What no lesson can be ------------------------------------------------------------------------


def refusal(actor: User | None, *students: User, **more: Any) -> tuple[str, str]:
    """The field and the code of the refusal; asserts that nothing was written."""
    with nothing_written(), pytest.raises(InvalidLesson) as refused:
        create(actor, *students, **more)
    return refused.value.field, refused.value.code


@pytest.mark.parametrize("actor", ["maria", "root", None])
def test_somebody_has_to_teach(actor: str | None, db: None, request: pytest.FixtureRequest) -> None:
    assert refusal(request.getfixturevalue(actor) if actor else None) == ("teacher", "required")


@pytest.mark.parametrize("who", ["bob", "maria", "root"])
def test_only_teachers_teach(who: str, maria: User, request: pytest.FixtureRequest) -> None:
    assert refusal(maria, teacher_id=request.getfixturevalue(who).pk) == ("teacher", "not_a_teacher")


def test_nobody_unknown_teaches(maria: User) -> None:
    assert refusal(maria, teacher_id=10**9) == ("teacher", "not_a_teacher")


def test_no_deactivated_teacher_teaches(maria: User, alice: User) -> None:
    alice.is_active = False
    alice.save()

    assert refusal(maria, teacher_id=alice.pk) == ("teacher", "not_a_teacher")


def test_nobody_teaches_themselves(alice: User, bob: User) -> None:
    assert refusal(alice, bob, alice) == ("students", "teacher_among_students")


@pytest.mark.parametrize("who", ["maria", "root"])
def test_managers_and_administrators_do_not_attend(who: str, alice: User, request: pytest.FixtureRequest) -> None:
    assert refusal(alice, request.getfixturevalue(who)) == ("students", "not_a_student")


def test_no_deactivated_student_attends(alice: User, bob: User) -> None:
    bob.is_active = False
    bob.save()

    assert refusal(alice, bob) == ("students", "not_a_student")


def test_unknown_students_are_named_up_to_ten_of_them(alice: User, bob: User) -> None:
    unknown = range(10**9, 10**9 + 12)

    with nothing_written(), pytest.raises(InvalidLesson) as refused:
        create(alice, students=[bob.pk, *unknown])

    assert all(str(pk) in str(refused.value) for pk in unknown[:10])
    assert not any(str(pk) in str(refused.value) for pk in (bob.pk, *unknown[10:]))


@pytest.mark.parametrize("hour", [10, 9])
def test_a_lesson_ends_after_it_starts(hour: int, alice: User) -> None:
    assert refusal(alice, start_time=tomorrow(10), end_time=tomorrow(hour)) == ("end_time", "ends_before_start")


@pytest.mark.parametrize("years", [5, -5])
def test_five_years_away_is_as_far_as_it_goes(years: int, alice: User) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    edge, second = now.replace(year=now.year + years), timedelta(seconds=1)
    inwards = -second if years > 0 else second

    create(alice, start_time=min(edge, edge + inwards), end_time=max(edge, edge + inwards), now=now)
    start, end = sorted((edge, edge - inwards))
    field = "end_time" if years > 0 else "start_time"
    assert refusal(alice, start_time=start, end_time=end, now=now) == (field, "too_far_away")


@pytest.mark.parametrize("years", [5, -5])
def test_five_years_from_february_29_is_february_28(years: int, alice: User) -> None:
    now = datetime(2028, 2, 29, 12, tzinfo=UTC)
    edge = datetime(2028 + years, 2, 28, 12, tzinfo=UTC)
    outwards = timedelta(hours=1) if years > 0 else -timedelta(hours=1)

    create(alice, start_time=min(edge, edge - outwards), end_time=max(edge, edge - outwards), now=now)
    start, end = sorted((edge, edge + outwards))
    assert refusal(alice, start_time=start, end_time=end, now=now)[1] == "too_far_away"


def test_a_refusal_of_the_actor_comes_before_one_of_the_values(alice: User, anna: User) -> None:
    with nothing_written(), pytest.raises(NotPermitted):
        create(alice, alice, teacher_id=anna.pk, end_time=tomorrow(9))


def test_history_begins_with_the_creation(alice: User) -> None:
    assert history(create(alice)) == ["created"]
