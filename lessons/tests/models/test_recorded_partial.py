"""Saving and loading parts of a lesson: update_fields, only() and defer()."""

from datetime import timedelta

import pytest

from lessons.models import Lesson, Status, UnrecordedChange, User
from lessons.tests.people import draft, scheduled, tomorrow
from lessons.tests.rows import booked, history, ids, nothing_written

pytestmark = pytest.mark.django_db


# --- update_fields --------------------------------------------------------------------------------


@pytest.mark.parametrize("update_fields", [["status"], ["title"], ["updated_at"], []])
def test_a_transition_is_written_whole_whichever_fields_are_named(
    update_fields: list[str], alice: User, bob: User
) -> None:
    lesson = scheduled(alice, bob)

    lesson.start()
    lesson.save(update_fields=update_fields)

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.status, row.version, history(row)[-1]) == (Status.IN_PROGRESS, 3, "started")


def test_the_title_alone_is_saved_and_the_version_grows(alice: User) -> None:
    lesson = draft(alice)
    lesson.title, lesson.description = "Geometry", "Triangles"

    lesson.save(update_fields=["title"])

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.title, row.description, row.version) == ("Geometry", "", 2)
    assert row.updated_at > row.created_at


def test_the_rest_is_still_saved_by_the_next_save(alice: User) -> None:
    lesson = draft(alice)
    lesson.title, lesson.description = "Geometry", "Triangles"

    lesson.save(update_fields=["title"])
    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.description, row.version) == ("Triangles", 3)


def test_a_field_that_is_not_named_is_no_change(alice: User) -> None:
    lesson = draft(alice)
    lesson.title = "Geometry"

    with nothing_written():
        lesson.save(update_fields=["description"])


def test_an_unknown_field_is_refused_as_django_does(alice: User) -> None:
    lesson = draft(alice)
    lesson.title = "Geometry"

    with nothing_written(), pytest.raises(ValueError, match="colour"):
        lesson.save(update_fields=["title", "colour"])

    assert lesson.version == 1


def test_unsaved_times_reach_neither_bookings_nor_history_when_the_title_alone_is_saved(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    at = lesson.start_time
    rows = list(lesson.bookings.values_list("pk", flat=True))
    lesson.start_time, lesson.end_time, lesson.title = at + timedelta(days=1), at + timedelta(days=2), "Geometry"

    lesson.save(update_fields=["title"])

    event = lesson.events.latest("id")
    assert (event.name, event.start_time, event.snapshot["start_time"]) == ("updated", at, at.isoformat())
    assert booked(lesson) == ids(alice, bob)
    assert list(lesson.bookings.values_list("pk", flat=True)) == rows


def test_an_unsaved_teacher_is_neither_booked_nor_told_when_the_status_alone_is_saved(
    alice: User, anna: User, bob: User
) -> None:
    lesson = draft(alice, bob)
    lesson.teacher = anna
    lesson.schedule()

    lesson.save(update_fields=["status"])

    event = lesson.events.latest("id")
    assert booked(lesson) == set(event.recipients) == ids(alice, bob)
    assert event.snapshot["teacher"] == alice.pk


@pytest.mark.parametrize("name", ["teacher", "teacher_id"])
def test_the_teacher_is_saved_by_either_name(name: str, alice: User, anna: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.teacher = anna

    lesson.save(update_fields=[name])

    assert booked(lesson) == ids(anna, bob)


@pytest.mark.parametrize("update_fields", [["title"], ["start_time"], ["status"]])
def test_a_rescheduled_lesson_is_saved_with_both_times(update_fields: list[str], alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    start = lesson.start_time + timedelta(days=1)

    lesson.reschedule(start_time=start, end_time=start + timedelta(hours=2))
    lesson.save(update_fields=update_fields)

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.start_time, row.end_time) == (start, start + timedelta(hours=2))
    assert booked(row) == ids(alice, bob)


def test_times_by_hand_are_refused_in_a_partial_save_too(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.end_time += timedelta(hours=1)

    with nothing_written(), pytest.raises(UnrecordedChange):
        lesson.save(update_fields=["end_time"])


# --- only() and defer() ---------------------------------------------------------------------------


def test_a_lesson_of_which_only_the_title_was_read_is_renamed(alice: User, bob: User) -> None:
    before = scheduled(alice, bob)
    lesson = Lesson.objects.only("title").get(pk=before.pk)
    lesson.title = "Geometry"

    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.title, row.status, row.version, history(row)[-1]) == ("Geometry", Status.SCHEDULED, 3, "updated")
    assert row.updated_at > before.updated_at


@pytest.mark.parametrize("field", ["title", "status", "version", "teacher", "updated_at"])
def test_a_partly_read_lesson_is_started(field: str, alice: User, bob: User) -> None:
    lesson = Lesson.objects.only(field).get(pk=scheduled(alice, bob).pk)

    lesson.start()
    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.status, row.version, row.title, history(row)[-1]) == (Status.IN_PROGRESS, 3, "Algebra", "started")
    assert booked(row) == ids(alice, bob)


def test_a_lesson_read_without_its_status_keeps_what_was_staged(alice: User, bob: User, carol: User) -> None:
    lesson = Lesson.objects.defer("status").get(pk=scheduled(alice, bob).pk)

    lesson.stage_students([carol.pk]).save()

    assert Lesson.objects.get(pk=lesson.pk).student_ids == ids(carol)
    assert booked(lesson) == ids(alice, carol)


def test_a_field_that_is_assigned_unread_is_compared_with_the_row(alice: User) -> None:
    lesson = Lesson.objects.defer("title").get(pk=draft(alice).pk)
    lesson.title = "Algebra"

    with nothing_written():
        lesson.save()


def test_times_that_are_assigned_unread_are_refused(alice: User, bob: User) -> None:
    lesson = Lesson.objects.only("title").get(pk=scheduled(alice, bob).pk)
    lesson.start_time = tomorrow(9)

    with nothing_written(), pytest.raises(UnrecordedChange):
        lesson.save()


def test_a_partly_read_lesson_is_rescheduled_and_remembers_the_old_times(alice: User, bob: User) -> None:
    lesson = Lesson.objects.only("title").get(pk=scheduled(alice, bob).pk)

    lesson.reschedule(start_time=tomorrow(12), end_time=tomorrow(13))
    lesson.save()

    snapshot = lesson.events.latest("id").snapshot
    assert (snapshot["old_start_time"], snapshot["start_time"]) == (tomorrow(10).isoformat(), tomorrow(12).isoformat())
