"""Reads: within what the reader may see, and in as many queries for many rows as for one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from lessons import selectors
from lessons.models import Lesson, User
from lessons.tests.lifecycle.ways import IN_STATUS
from lessons.tests.people import cancelled, draft, scheduled, tomorrow

pytestmark = pytest.mark.django_db


# --- Lessons --------------------------------------------------------------------------------------


@pytest.fixture
def lessons(alice: User, anna: User, bob: User, carol: User) -> dict[str, Lesson]:
    return {
        "alice teaches bob": draft(alice, bob),
        "alice teaches anna": scheduled(alice, anna, at=tomorrow(12)),
        "anna teaches carol": cancelled(anna, carol),
        "anna teaches bob and carol": scheduled(anna, bob, carol, at=tomorrow(16)),
    }


@pytest.mark.parametrize(
    ("reader", "hidden"),
    [
        ("alice", {"anna teaches carol", "anna teaches bob and carol"}),
        ("anna", {"alice teaches bob"}),
        ("bob", {"alice teaches anna", "anna teaches carol"}),
        ("carol", {"alice teaches bob", "alice teaches anna"}),
        ("maria", set()),
        ("root", set()),
    ],
)
def test_everybody_sees_the_lessons_they_teach_or_attend_and_managers_all(
    reader: str, hidden: set[str], lessons: dict[str, Lesson], request: pytest.FixtureRequest
) -> None:
    visible = selectors.visible_lessons(request.getfixturevalue(reader))

    names = {lesson.pk: name for name, lesson in lessons.items()}
    assert sorted(names[lesson.pk] for lesson in visible) == sorted(set(lessons) - hidden)  # and each of them once


def search(text: str, reader: User) -> set[str]:
    return set(selectors.lessons_to_list(reader, search=text).values_list("title", flat=True))


def test_what_is_known_to_be_frequent_is_not_looked_up(
    alice: User, maria: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "FEW", 2)
    for title in ("Algebra I", "Algebra II", "Algebra III", "Biology"):
        draft(alice, title=title)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE lessons_lesson")
        # What was counted is no longer so. That chooses the way, and nothing else.
        cursor.execute("UPDATE lessons_lesson SET title = 'Chemistry' WHERE title <> 'Algebra I'")

    assert "to_tsvector" in str(selectors.lessons_to_list(maria, search="alg").query)
    assert search("alg", maria) == {"Algebra I"}
    assert search("chem", maria) == {"Chemistry"}
    assert search("chem alg", maria) == search("biology", maria) == search("--", maria) == set()


def queries_of(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        read()
    return len(queries)


def test_people_of_many_lessons_cost_as_many_queries_as_of_one(alice: User, bob: User, carol: User) -> None:
    def read() -> list[Any]:
        lessons = selectors.with_people(Lesson.objects.all())
        return [(str(lesson.teacher), [str(student) for student in lesson.students.all()]) for lesson in lessons]

    draft(alice, bob, carol)
    for_one = queries_of(read)
    for _ in range(5):
        draft(alice, bob, carol)

    assert (for_one, queries_of(read)) == (2, 2)
    assert read() == [("Alice", ["Bob", "Carol"])] * 6


def test_what_many_people_may_do_costs_no_query_per_lesson(alice: User, bob: User) -> None:
    for _ in range(5):
        draft(alice, bob)

    def read() -> list[Any]:
        lessons = selectors.with_people(selectors.visible_lessons(alice))
        return [selectors.available_transitions(lesson, alice) for lesson in lessons]

    assert queries_of(read) == 2


def test_people_are_loaded_into_a_lesson_that_is_there(alice: User, bob: User, django_assert_num_queries: Any) -> None:
    lesson = Lesson.objects.get(pk=draft(alice, bob).pk)

    selectors.load_people(lesson)

    with django_assert_num_queries(0):
        assert (lesson.teacher, lesson.attendees, lesson.student_ids) == (alice, [bob], {bob.pk})


@pytest.mark.parametrize(
    ("status", "possible"),
    [
        ("draft", ["schedule", "cancel"]),
        ("scheduled", ["reschedule", "start", "cancel"]),
        ("in_progress", ["complete", "cancel"]),
        ("completed", []),
        ("cancelled", []),
    ],
)
def test_available_transitions_are_told_in_the_order_of_a_lessons_life(
    status: str, possible: list[str], alice: User, anna: User, bob: User, maria: User
) -> None:
    lesson = IN_STATUS[status](alice, bob)

    assert selectors.available_transitions(lesson, alice) == possible
    assert selectors.available_transitions(lesson, maria) == possible
    assert selectors.available_transitions(lesson, bob) == []
    assert selectors.available_transitions(lesson, anna) == []
    assert selectors.available_transitions(lesson, AnonymousUser()) == []


def test_a_transition_whose_condition_is_not_met_is_not_available(settings: Settings, alice: User, bob: User) -> None:
    settings.LESSON_START_WINDOW_MINUTES = 15

    assert selectors.available_transitions(draft(alice), alice) == ["cancel"]
    assert selectors.available_transitions(scheduled(alice, bob), alice) == ["reschedule", "cancel"]


# --- History --------------------------------------------------------------------------------------


def test_history_is_told_oldest_first_in_one_query(alice: User, bob: User, django_assert_num_queries: Any) -> None:
    lesson = scheduled(alice, bob)

    with django_assert_num_queries(1):
        told = [(event.name, str(event.actor), event.dispatch.pk) for event in selectors.lesson_history(lesson)]

    assert told == [(event.name, "Alice", event.pk) for event in lesson.events.order_by("id")]
