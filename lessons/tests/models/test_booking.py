"""A person is in one place at a time: bookings, clashes, and what the database itself refuses."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from lessons import lifecycle
from lessons.lifecycle import Edit
from lessons.models import Booking, Lesson, SlotConflict, User
from lessons.models.booking import Clash
from lessons.tests.people import cancelled, completed, draft, scheduled, started, tomorrow
from lessons.tests.rows import booked, ids, nothing_written

pytestmark = pytest.mark.django_db


# --- Who is booked, and when ----------------------------------------------------------------------


@pytest.mark.parametrize("make", [scheduled, started, completed])
def test_teacher_and_students_are_booked_from_scheduled_on(make: Callable[..., Lesson], alice: User, bob: User) -> None:
    assert booked(make(alice, bob)) == ids(alice, bob)


@pytest.mark.parametrize("make", [draft, cancelled])
def test_nobody_is_booked_by_a_draft_or_a_cancelled_lesson(make: Callable[..., Lesson], alice: User, bob: User) -> None:
    assert booked(make(alice, bob)) == set()


@pytest.mark.parametrize("make", [scheduled, started])
def test_cancelling_frees_everybody(make: Callable[..., Lesson], alice: User, bob: User) -> None:
    lesson = make(alice, bob)

    lifecycle.cancel_lesson(lesson_id=lesson.pk, actor=alice)

    assert booked(lesson) == set()
    assert booked(scheduled(alice, bob)) == ids(alice, bob)


def test_bookings_move_with_the_lesson(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    lifecycle.reschedule_lesson(lesson_id=lesson.pk, actor=alice, start_time=tomorrow(15), end_time=tomorrow(16))

    assert booked(lesson) == ids(alice, bob)
    assert booked(scheduled(alice, bob, at=tomorrow(10))) == ids(alice, bob)


def test_a_lesson_may_move_into_its_own_old_time(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    start = lesson.start_time + timedelta(minutes=30)

    lifecycle.reschedule_lesson(lesson_id=lesson.pk, actor=alice, start_time=start, end_time=start + timedelta(hours=1))

    assert booked(lesson) == ids(alice, bob)


def test_bookings_follow_the_students(alice: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, bob)

    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=Edit(students=frozenset({carol.pk})))

    assert booked(lesson) == ids(alice, carol)
    assert booked(scheduled(alice, bob, at=tomorrow(12))) == ids(alice, bob)


def test_bookings_follow_the_teacher(alice: User, anna: User, bob: User, maria: User) -> None:
    lesson = scheduled(alice, bob)

    lifecycle.update_lesson(lesson_id=lesson.pk, actor=maria, edit=Edit(teacher_id=anna.pk))

    assert booked(lesson) == ids(anna, bob)


def test_a_new_title_leaves_the_bookings_alone(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    rows = list(lesson.bookings.values_list("pk", flat=True))

    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=Edit(title="Geometry"))
    lifecycle.start_lesson(lesson_id=lesson.pk, actor=alice)

    assert list(lesson.bookings.values_list("pk", flat=True)) == rows


# --- Clashes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "hours"), [(9, 0, 1), (11, 0, 1), (8, 30, 1.5)], ids=["just before", "just after", "up to it"]
)
def test_lessons_that_touch_do_not_clash(hour: int, minute: int, hours: float, alice: User, bob: User) -> None:
    scheduled(alice, bob, at=tomorrow(10))

    assert booked(scheduled(alice, bob, at=tomorrow(hour, minute), hours=hours)) == ids(alice, bob)


@pytest.mark.parametrize(
    ("hour", "minute", "hours"),
    [(10, 0, 1), (9, 30, 1), (10, 59, 1), (10, 15, 0.5), (9, 0, 3)],
    ids=["the same", "its beginning", "its last minute", "inside", "around"],
)
def test_lessons_that_overlap_clash(hour: int, minute: int, hours: float, alice: User, anna: User, bob: User) -> None:
    scheduled(alice, bob, at=tomorrow(10))
    other = draft(anna, bob, at=tomorrow(hour, minute), hours=hours)

    with nothing_written(), pytest.raises(SlotConflict):
        lifecycle.schedule_lesson(lesson_id=other.pk, actor=anna)


def test_a_teacher_who_attends_elsewhere_cannot_teach_then(alice: User, anna: User, bob: User) -> None:
    scheduled(alice, anna)
    own = draft(anna, bob)

    with nothing_written(), pytest.raises(SlotConflict) as refusal:
        lifecycle.schedule_lesson(lesson_id=own.pk, actor=anna)

    assert [clash.user_id for clash in refusal.value.clashes] == [anna.pk]


def test_the_clashes_are_named(alice: User, anna: User, bob: User, carol: User) -> None:
    first = scheduled(alice, bob, at=tomorrow(9), hours=1)
    second = scheduled(alice, bob, carol, at=tomorrow(10), hours=2)
    other = draft(anna, bob, carol, at=tomorrow(9), hours=3)

    with pytest.raises(SlotConflict) as refusal:
        lifecycle.schedule_lesson(lesson_id=other.pk, actor=anna)

    assert refusal.value.clashes == [
        Clash(bob.pk, first.pk, tomorrow(9), tomorrow(10)),
        Clash(bob.pk, second.pk, tomorrow(10), tomorrow(12)),
        Clash(carol.pk, second.pk, tomorrow(10), tomorrow(12)),
    ]
    assert str(refusal.value).startswith("2 people")


def join_carol(lesson: Lesson, maria: User, anna: User, carol: User) -> object:
    students = lesson.student_ids | {carol.pk}
    return lifecycle.update_lesson(lesson_id=lesson.pk, actor=maria, edit=Edit(students=students))


def give_to_anna(lesson: Lesson, maria: User, anna: User, carol: User) -> object:
    return lifecycle.update_lesson(lesson_id=lesson.pk, actor=maria, edit=Edit(teacher_id=anna.pk))


def move_to_noon(lesson: Lesson, maria: User, anna: User, carol: User) -> object:
    return lifecycle.reschedule_lesson(lesson_id=lesson.pk, actor=maria, start_time=tomorrow(12), end_time=tomorrow(13))


@pytest.mark.parametrize("change", [join_carol, give_to_anna, move_to_noon])
def test_a_scheduled_lesson_cannot_be_changed_into_a_clash(
    change: Callable[..., object], alice: User, anna: User, bob: User, carol: User, maria: User
) -> None:
    lesson = scheduled(alice, bob, at=tomorrow(10))
    scheduled(anna, carol, at=tomorrow(10))
    scheduled(anna, bob, at=tomorrow(12))

    with nothing_written(), pytest.raises(SlotConflict):
        change(lesson, maria, anna, carol)


# --- The database itself --------------------------------------------------------------------------


def test_the_database_refuses_an_overlap_by_raw_sql(alice: User, bob: User) -> None:
    scheduled(alice, bob)
    other = draft(alice, bob)

    with pytest.raises(IntegrityError, match="booking_no_overlap"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lessons_booking (lesson_id, user_id, during) SELECT %s, user_id, during FROM lessons_booking",
            [other.pk],
        )


def test_the_database_refuses_to_stretch_a_booking_into_another(alice: User, bob: User) -> None:
    first, second = scheduled(alice, bob, at=tomorrow(9)), scheduled(alice, bob, at=tomorrow(11))

    with pytest.raises(IntegrityError, match="booking_no_overlap"), transaction.atomic():
        Booking.objects.filter(lesson=first).update(during=(first.start_time, second.end_time))
