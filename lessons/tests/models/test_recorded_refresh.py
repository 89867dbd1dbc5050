"""Reading a lesson again: what it takes back, and that the status is protected all the while."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from lessons.models import Lesson, Status, User
from lessons.tests.people import draft, scheduled
from lessons.tests.rows import history, ids, nothing_written

pytestmark = pytest.mark.django_db


def test_a_refresh_takes_back_a_transition_that_was_not_saved(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.start()

    lesson.refresh_from_db()

    assert lesson.status == Status.SCHEDULED
    with nothing_written():
        lesson.save()


def test_a_refresh_takes_back_staged_students_and_sees_those_of_others(alice: User, bob: User, carol: User) -> None:
    lesson = draft(alice, bob)
    Lesson.objects.get(pk=lesson.pk).stage_students([carol.pk]).save()
    lesson.stage_students([])

    lesson.refresh_from_db()

    assert lesson.student_ids == ids(carol)


def test_a_refresh_sees_the_transition_of_another_instance(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    other = Lesson.objects.get(pk=lesson.pk)
    other.start()
    other.save()

    lesson.refresh_from_db()
    lesson.complete()
    lesson.save()

    assert history(lesson) == ["created", "scheduled", "started", "completed"]


def test_a_refresh_of_another_field_keeps_the_transition(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.start()

    lesson.refresh_from_db(fields=["title", "version"])
    lesson.save()

    assert history(lesson)[-1] == "started"


def test_a_refreshed_field_is_no_change(alice: User) -> None:
    lesson = draft(alice)
    lesson.title, lesson.description = "Geometry", "Triangles"

    lesson.refresh_from_db(fields=["title"])
    lesson.save()

    row = Lesson.objects.get(pk=lesson.pk)
    assert (row.title, row.description) == ("Algebra", "Triangles")


def test_the_status_is_protected_again_after_a_refresh(alice: User) -> None:
    lesson = draft(alice)
    lesson.refresh_from_db()

    with pytest.raises(AttributeError):
        lesson.status = Status.COMPLETED


@pytest.fixture
def during_queries() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Have something done while the database is being asked."""
    actions: list[Callable[[], None]] = []

    def ask(execute: Callable[..., Any], *args: Any) -> Any:
        for action in actions:
            action()
        return execute(*args)

    with connection.execute_wrapper(ask):
        yield actions.append


def test_other_lessons_are_protected_while_one_is_refreshed(
    alice: User, during_queries: Callable[[Callable[[], None]], None]
) -> None:
    lesson, other = draft(alice), draft(alice)
    assignments = []

    def assign() -> None:
        with pytest.raises(AttributeError):
            other.status = Status.COMPLETED
        assignments.append(other.status)

    during_queries(assign)
    lesson.refresh_from_db()

    assert assignments == [Status.DRAFT]


def test_the_status_is_protected_again_after_a_refresh_that_failed(alice: User) -> None:
    lesson = draft(alice)

    with pytest.raises(Lesson.DoesNotExist):
        lesson.refresh_from_db(from_queryset=Lesson.objects.none())

    with pytest.raises(AttributeError):
        lesson.status = Status.COMPLETED
