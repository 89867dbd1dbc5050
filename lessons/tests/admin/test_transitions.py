"""The buttons of a lesson: what they do, and what they no longer let anybody do."""

from collections.abc import Callable

import pytest
from django.test import Client

from lessons import lifecycle
from lessons.admin.lessons import LessonAdmin
from lessons.models import Lesson, User
from lessons.tests.admin.pages import add_page, buttons, form_of, log_of, page_of, press, told
from lessons.tests.people import cancelled, completed, draft, scheduled, started
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db

Make = Callable[..., Lesson]


@pytest.mark.parametrize(
    ("make", "name", "status"),
    [(draft, "schedule", "scheduled"), (scheduled, "start", "in_progress"), (started, "complete", "completed")],
)
def test_a_button_moves_the_lesson_once_and_says_so(
    marias: Client, maria: User, alice: User, bob: User, make: Make, name: str, status: str
) -> None:
    lesson = make(alice, bob)
    events = history(lesson)

    response = press(marias, lesson, name, _version=lesson.version)

    assert response.headers["Location"] == page_of(lesson)
    assert Lesson.objects.get(pk=lesson.pk).status == status
    assert len(history(lesson)) == len(events) + 1
    assert lesson.events.latest("id").actor == maria
    assert "Algebra" in told(response)
    assert [line.split(": ")[1] for line in log_of(maria)] == [f"{lesson.status} → {status}"]


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (draft, ["schedule", "cancel"]),
        (scheduled, ["reschedule", "start", "cancel"]),
        (started, ["complete", "cancel"]),
        (completed, []),
        (cancelled, []),
    ],
)
def test_a_page_has_a_button_for_what_can_be_done_now(
    marias: Client, alice: User, bob: User, make: Make, names: list[str]
) -> None:
    assert buttons(marias, make(alice, bob)) == names


def test_edits_that_come_along_with_a_button_are_not_saved(marias: Client, alice: User, bob: User, carol: User) -> None:
    lesson = draft(alice, bob)
    edits = form_of(lesson, title="Geometry", description="new", students=[bob.pk, carol.pk])

    press(marias, lesson, "schedule", **edits)

    saved = Lesson.objects.get(pk=lesson.pk)
    assert (saved.title, saved.description, saved.student_ids) == ("Algebra", "", {bob.pk})
    assert history(lesson) == ["created", "scheduled"]


def test_a_transition_that_the_admin_must_not_show_is_not_found(
    marias: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = scheduled(alice, bob)
    monkeypatch.setattr(LessonAdmin, "is_fsm_transition_visible", lambda _self, transition: transition.name != "start")

    with nothing_written():
        assert press(marias, lesson, "start").status_code == 404
    assert buttons(marias, lesson) == ["reschedule", "cancel"]


def test_a_button_on_the_page_of_a_lesson_to_be_added_is_not_found(marias: Client, alice: User, bob: User) -> None:
    unsaved = Lesson(title="Drama", teacher=alice, start_time=draft(alice).start_time, end_time=draft(alice).end_time)

    with nothing_written():
        response = marias.post(add_page(Lesson), form_of(unsaved, _fsm_transition_to="schedule"))

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("make", "name", "status"),
    [
        (draft, "complete", "draft"),
        (draft, "start", "draft"),
        (started, "schedule", "in progress"),
        (completed, "start", "completed"),
        (cancelled, "schedule", "cancelled"),
    ],
)
def test_a_transition_from_the_wrong_status_is_refused_politely(
    marias: Client, maria: User, alice: User, bob: User, make: Make, name: str, status: str
) -> None:
    lesson = make(alice, bob)

    with nothing_written():
        response = press(marias, lesson, name)

    assert told(response) == f"This is not possible: the lesson is {status}."
    assert log_of(maria) == []


def test_a_lesson_without_students_says_why_it_is_not_scheduled(marias: Client, alice: User) -> None:
    lesson = draft(alice)

    with nothing_written():
        response = press(marias, lesson, "schedule")

    assert "add at least one" in told(response)


def test_a_clash_names_who_is_booked_and_for_what_and_leaves_nothing_behind(
    marias: Client, maria: User, alice: User, anna: User, bob: User
) -> None:
    scheduled(anna, bob, title="Biology")
    lesson = draft(alice, bob)

    with nothing_written():
        response = press(marias, lesson, "schedule")

    assert all(part in told(response) for part in ("Bob is already booked", "10 a.m.", "“Biology”"))
    assert log_of(maria) == []


def test_a_transition_that_cannot_be_logged_has_not_happened(
    marias: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = draft(alice, bob)

    def broken(*_args: object) -> None:
        raise RuntimeError("the log is full")

    monkeypatch.setattr(LessonAdmin, "log_change", broken)
    with nothing_written(), pytest.raises(RuntimeError):
        press(marias, lesson, "schedule")


def test_a_button_on_a_page_that_is_out_of_date_is_refused(marias: Client, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    shown = lesson.version
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(title="Geometry"))

    with nothing_written():
        response = press(marias, lesson, "schedule", _version=shown)

    assert "has changed since you opened the page; it is draft now" in told(response)


@pytest.mark.parametrize("version", ["abc", "-1", "1.0", "²", "9" * 5000])
def test_a_version_that_is_none_counts_as_out_of_date(marias: Client, alice: User, bob: User, version: str) -> None:
    lesson = draft(alice, bob)

    with nothing_written():
        response = press(marias, lesson, "schedule", _version=version)

    assert "has changed since you opened the page" in told(response)


@pytest.mark.parametrize("with_version", [True, False])
def test_a_double_click_schedules_once(marias: Client, alice: User, bob: User, with_version: bool) -> None:
    lesson = draft(alice, bob)
    sent = {"_version": lesson.version} if with_version else {}

    press(marias, lesson, "schedule", **sent)
    second = press(marias, lesson, "schedule", **sent)

    assert history(lesson) == ["created", "scheduled"]
    assert "scheduled" in told(second)


def test_looking_at_a_page_moves_nothing(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        assert marias.get(page_of(lesson), {"_fsm_transition_to": "start"}).status_code == 200


@pytest.mark.parametrize("pk", ["0", "999999", "abc", "9" * 40])
def test_a_lesson_that_is_not_there_is_told_politely(marias: Client, pk: str) -> None:
    response = marias.post(f"/admin/lessons/lesson/{pk}/change/", {"_fsm_transition_to": "start"})

    assert response.status_code == 302
    assert "doesn’t exist" in told(response)
