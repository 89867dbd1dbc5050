"""Rows by their id: as the object manager reads them."""

import pytest

from lessons.models import Lesson, User
from lessons.models.by_id import reader
from lessons.models.taking_part import load_people
from lessons.tests.people import draft, scheduled

pytestmark = pytest.mark.django_db


def values(row: Lesson | User) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_is_read_as_the_manager_reads_it(alice: User, bob: User) -> None:
    alice.muted_channels = ["sms"]
    alice.save()
    lesson = scheduled(alice, bob)

    assert values(reader(Lesson)(lesson.pk)) == values(Lesson.objects.get(pk=lesson.pk))
    assert values(reader(User)(alice.pk)) == values(User.objects.get(pk=alice.pk))


def test_a_row_that_is_not_there_is_none() -> None:
    assert reader(Lesson)(1) is None


def test_a_lesson_that_was_read_so_can_be_changed(alice: User, bob: User) -> None:
    lesson = reader(Lesson)(draft(alice, bob).pk)

    lesson.schedule(actor=alice)
    lesson.save()

    assert Lesson.objects.get(pk=lesson.pk).status == "scheduled"


def test_people_are_those_of_the_lesson(alice: User, bob: User, carol: User, anna: User) -> None:
    lesson = load_people(Lesson.objects.get(pk=draft(alice, carol, bob).pk))

    assert (lesson.teacher, lesson.attendees) == (alice, [bob, carol])


def test_people_are_asked_for_once(alice: User, bob: User, django_assert_num_queries: pytest.FixtureRequest) -> None:
    lesson = Lesson.objects.get(pk=draft(alice, bob).pk)

    with django_assert_num_queries(1):
        load_people(lesson)
        assert lesson.teacher.username == "alice"
        assert [student.full_name for student in lesson.attendees] == ["Bob"]
        assert lesson.student_ids == {bob.pk}


def test_who_attends_is_asked_anew_after_a_change(alice: User, bob: User, carol: User) -> None:
    lesson = load_people(Lesson.objects.get(pk=draft(alice, bob).pk))

    lesson.stage_students([carol.pk]).save()

    assert lesson.attendees == [carol]
    assert lesson.student_ids == {carol.pk}


def test_who_attends_is_asked_anew_after_a_reload(alice: User, bob: User, carol: User) -> None:
    lesson = load_people(Lesson.objects.get(pk=draft(alice, bob).pk))
    Lesson.objects.get(pk=lesson.pk).stage_students([bob.pk, carol.pk]).save()

    lesson.refresh_from_db()

    assert set(lesson.attendees) == {bob, carol}
