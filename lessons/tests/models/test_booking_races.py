"""Lessons that want the same people at the same moment: one gets them, at once, and nobody hangs."""

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice

import pytest

from lessons import lifecycle
from lessons.lifecycle import Edit
from lessons.models import Booking, Lesson, SlotConflict, Status, User
from lessons.tests.people import Student, Teacher, draft, scheduled, tomorrow
from lessons.tests.racing import race
from lessons.tests.rows import booked, ids

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20


def schedule(lesson: Lesson, actor: User) -> Callable[[], Lesson]:
    return partial(lifecycle.schedule_lesson, lesson_id=lesson.pk, actor=actor)


def cancel(lesson: Lesson, actor: User) -> Lesson:
    return lifecycle.cancel_lesson(lesson_id=lesson.pk, actor=actor)


def outcomes(results: list[object]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_two_lessons_race_for_one_student(alice: User, anna: User, bob: User) -> None:
    for _ in range(ROUNDS):
        lessons = [draft(alice, bob), draft(anna, bob)]

        results = race([schedule(lesson, lesson.teacher) for lesson in lessons])

        assert outcomes(results) == ["Lesson", "SlotConflict"]
        assert Booking.objects.filter(user=bob).count() == 1
        cancel(next(result for result in results if isinstance(result, Lesson)), None)


def test_lessons_that_share_people_across_roles_never_deadlock(maria: User) -> None:
    teachers = [Teacher(username=f"teacher_{n}") for n in range(4)]
    students = [Student(username=f"student_{n}") for n in range(6)]
    everybody = [*teachers, *students]
    for _ in range(ROUNDS):
        lessons = [draft(teacher, *(person for person in everybody if person != teacher)) for teacher in teachers]

        results = race([schedule(lesson, maria) for lesson in lessons])

        assert outcomes(results) == ["Lesson", "SlotConflict", "SlotConflict", "SlotConflict"]
        (winner,) = (result for result in results if isinstance(result, Lesson))
        assert set(Booking.objects.values_list("user_id", flat=True)) == booked(winner) == ids(*everybody)
        cancel(winner, maria)


def test_two_lessons_that_swap_their_students_never_deadlock(alice: User, anna: User, bob: User, carol: User) -> None:
    lessons = scheduled(alice, bob), scheduled(anna, carol)
    pairs = [(frozenset({carol.pk}), frozenset({bob.pk})), (frozenset({bob.pk}), frozenset({carol.pk}))]
    for students in islice(cycle(pairs), ROUNDS):
        results = race(
            [
                partial(lifecycle.update_lesson, lesson_id=lesson.pk, actor=None, edit=Edit(students=wanted))
                for lesson, wanted in zip(lessons, students, strict=True)
            ]
        )

        assert set(outcomes(results)) <= {"Lesson", "SlotConflict"}
        assert all(
            booked(lesson) == Lesson.objects.get(pk=lesson.pk).student_ids | {lesson.teacher_id} for lesson in lessons
        )


def test_a_slot_that_is_freed_while_it_is_wanted_is_given_or_refused_whole(alice: User, anna: User, bob: User) -> None:
    for _ in range(ROUNDS):
        leaving, coming = scheduled(alice, bob), draft(anna, bob)

        freed, taken = race([partial(cancel, leaving, alice), schedule(coming, anna)])

        assert isinstance(freed, Lesson)
        assert isinstance(taken, Lesson | SlotConflict)
        coming.refresh_from_db()
        assert booked(coming) == (ids(anna, bob) if coming.status == Status.SCHEDULED else set())
        cancel(coming, anna)


def test_two_moves_of_one_lesson_leave_the_bookings_of_the_last(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    for _ in range(ROUNDS // 2):
        moves = [
            partial(
                lifecycle.reschedule_lesson,
                lesson_id=lesson.pk,
                actor=alice,
                start_time=tomorrow(hour),
                end_time=tomorrow(hour + 1),
            )
            for hour in (12, 14)
        ]

        results = race(moves)

        assert outcomes(results) in (["Lesson", "Lesson"], ["ConditionUnmet", "Lesson"])
        assert booked(lesson) == ids(alice, bob)
