"""Copies, pickles, proxies and lessons made by hand."""

import copy
import pickle
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test.utils import isolate_apps

from lessons.models import Lesson, StaleLesson, Status, UnrecordedChange, User
from lessons.tests.people import draft, scheduled, tomorrow
from lessons.tests.rows import booked, history, ids, nothing_written, told

pytestmark = pytest.mark.django_db

Copy = Callable[[Lesson], Lesson]


def pickled(lesson: Lesson) -> Lesson:
    return pickle.loads(pickle.dumps(lesson))


COPIES = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])


@COPIES
def test_a_copy_carries_the_transition_and_saves_it(copied: Copy, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.start(actor=alice)

    copied(lesson).save()

    assert history(lesson)[-1] == "started"
    assert lesson.events.latest("id").actor == alice


@COPIES
def test_what_original_and_copy_both_carry_is_written_once(copied: Copy, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.start()
    twin = copied(lesson)
    twin.save()

    with nothing_written(), pytest.raises(StaleLesson):
        lesson.save()


@COPIES
def test_a_transition_of_the_copy_is_not_the_originals(copied: Copy, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    copied(lesson).start()

    assert lesson.status == Status.SCHEDULED
    with nothing_written():
        lesson.save()


@COPIES
def test_a_copy_is_as_protected_as_the_original(copied: Copy, alice: User) -> None:
    twin = copied(draft(alice))

    with pytest.raises(AttributeError):
        twin.status = Status.COMPLETED


def test_a_draft_is_duplicated_as_django_documents_it(alice: User, bob: User) -> None:
    original = draft(alice, bob)
    twin = Lesson.objects.get(pk=original.pk)
    assert twin.student_ids == ids(bob)

    twin.pk, twin._state.adding = None, True
    twin.save()

    assert twin.pk != original.pk
    row = Lesson.objects.get(pk=twin.pk)
    assert (row.version, history(row), row.student_ids) == (1, ["created"], set())
    assert told(row) == ids(alice)


def test_a_scheduled_lesson_cannot_be_duplicated_past_the_life_cycle(alice: User, bob: User) -> None:
    twin = Lesson.objects.get(pk=scheduled(alice, bob).pk)
    twin.pk, twin._state.adding = None, True

    with nothing_written(), pytest.raises(UnrecordedChange):
        twin.save()


@isolate_apps("lessons")
def test_a_proxy_is_recorded_like_the_lesson(alice: User, bob: User) -> None:
    class Seminar(Lesson):
        class Meta:
            proxy = True
            app_label = "lessons"

    seminar = Seminar.objects.get(pk=draft(alice, bob).pk)

    seminar.schedule()
    seminar.save()

    lesson = Lesson.objects.get(pk=seminar.pk)
    assert history(lesson) == ["created", "scheduled"]
    assert booked(lesson) == ids(alice, bob)


# --- The constructor ------------------------------------------------------------------------------


def by_hand(teacher: User, **more: object) -> Lesson:
    start = tomorrow()
    return Lesson(title="Algebra", teacher=teacher, start_time=start, end_time=start + timedelta(hours=1), **more)


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_no_lesson_is_born_in_a_later_status(status: Status, alice: User) -> None:
    with nothing_written(), pytest.raises(UnrecordedChange):
        by_hand(alice, status=status).save()


def test_a_lesson_is_born_as_version_1_whatever_the_constructor_was_told(alice: User) -> None:
    lesson = by_hand(alice, version=41)
    lesson.save()

    assert Lesson.objects.get(pk=lesson.pk).version == lesson.events.get().seq == 1


def test_a_new_lesson_never_overwrites_an_old_one(alice: User) -> None:
    old = draft(alice)
    new = by_hand(alice, pk=old.pk)

    with nothing_written(), pytest.raises(IntegrityError), transaction.atomic():
        new.save()

    assert (new.pk, new.version, new._state.adding) == (old.pk, 0, True)


def test_objects_create_writes_the_event_too(alice: User) -> None:
    start = tomorrow()
    end = start + timedelta(hours=1)

    lesson = Lesson.objects.create(title="Algebra", teacher=alice, start_time=start, end_time=end)

    assert history(lesson) == ["created"]


def test_get_or_create_writes_an_event_only_where_it_creates(alice: User) -> None:
    start = tomorrow()
    values = {"teacher": alice, "start_time": start, "end_time": start + timedelta(hours=1)}

    lesson, created = Lesson.objects.get_or_create(title="Algebra", defaults=values)
    same, created_again = Lesson.objects.get_or_create(title="Algebra", defaults=values)

    assert (created, created_again, same) == (True, False, lesson)
    assert history(lesson) == ["created"]


def test_update_or_create_writes_an_update(alice: User) -> None:
    lesson = draft(alice)

    Lesson.objects.update_or_create(pk=lesson.pk, defaults={"title": "Geometry"})

    assert history(lesson) == ["created", "updated"]


def test_update_or_create_cannot_set_the_status(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written(), pytest.raises(AttributeError):
        Lesson.objects.update_or_create(pk=lesson.pk, defaults={"status": Status.COMPLETED})
