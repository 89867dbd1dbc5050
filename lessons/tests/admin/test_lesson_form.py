"""Lessons are created and edited in the admin as anywhere else: one change, one event, nobody missed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from lessons import lifecycle
from lessons.admin.lessons import FIELDS
from lessons.models import Lesson, Status, User
from lessons.tests.admin.pages import add_page, errors, form_of, log_of, page_of, told
from lessons.tests.people import cancelled, completed, draft, scheduled, started, tomorrow
from lessons.tests.rows import booked, history, ids, nothing_written
from lessons.tests.rows import told as recipients

pytestmark = pytest.mark.django_db


def new(teacher: User, **more: Any) -> Lesson:
    """A lesson that is not saved yet."""
    return Lesson(title="Drama", teacher=teacher, start_time=tomorrow(), end_time=tomorrow(11), **more)


# --- Create ---------------------------------------------------------------------------------------


def test_the_form_has_every_field_of_a_draft() -> None:
    assert set(FIELDS) == {name.removesuffix("_id") for name in lifecycle.EDITABLE[Status.DRAFT]}


def test_a_created_lesson_has_one_event_which_tells_its_students(
    marias: Client, maria: User, alice: User, bob: User, carol: User
) -> None:
    marias.post(add_page(Lesson), form_of(new(alice), students=[bob.pk, carol.pk]))

    lesson = Lesson.objects.get(title="Drama")
    assert (lesson.status, lesson.version, lesson.student_ids) == (Status.DRAFT, 1, ids(bob, carol))
    assert history(lesson) == ["created"]
    assert recipients(lesson) == ids(alice, bob, carol)
    assert lesson.events.get().actor == maria
    assert len(log_of(maria)) == 1


def test_a_lesson_is_created_without_students_too(marias: Client, alice: User) -> None:
    marias.post(add_page(Lesson), form_of(new(alice)))

    assert Lesson.objects.get(title="Drama").student_ids == set()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"end_time": tomorrow(9)}, "end_time"),
        ({"end_time": tomorrow(10)}, "end_time"),
        ({"start_time": tomorrow() - timedelta(days=366 * 6)}, "start_time"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "nul\0"}, "title"),
        ({"description": "x" * 10_001}, "description"),
        ({"teacher": ""}, "teacher"),
        ({"teacher": "0"}, "teacher"),
        ({"teacher": "abc"}, "teacher"),
        ({"students": ["0"]}, "students"),
        ({"students": ["abc"]}, "students"),
        ({"students": ["9" * 40]}, "students"),
        ({"teacher": "9" * 40}, "teacher"),
        ({"start_time_0": "tomorrow"}, "start_time"),
    ],
)
@pytest.mark.parametrize("page", ["add", "change"])
def test_what_no_lesson_can_have_is_an_error_of_its_field(
    marias: Client, alice: User, bob: User, page: str, typed: dict[str, Any], field: str
) -> None:
    lesson = draft(alice, bob) if page == "change" else new(alice)
    url = page_of(lesson) if lesson.pk else add_page(Lesson)

    with nothing_written():
        response = marias.post(url, form_of(lesson, **typed))

    assert list(errors(response)) == [field]


@pytest.mark.parametrize(
    ("field", "who", "text"),
    [
        ("teacher", "bob", "not an active teacher"),
        ("students", "alice", "one of the students"),
        ("students", "maria", "Not active students"),
    ],
)
def test_who_cannot_teach_or_attend_is_an_error_of_the_field(
    marias: Client, alice: User, bob: User, field: str, who: str, text: str, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)

    with nothing_written():
        response = marias.post(add_page(Lesson), form_of(new(alice), **{field: [person.pk]}))

    assert text in errors(response)[field][0]


# --- Edit -----------------------------------------------------------------------------------------


def test_an_edit_is_one_event(marias: Client, maria: User, alice: User, anna: User, bob: User, carol: User) -> None:
    lesson = draft(alice, bob)
    edits = {"title": "Geometry", "teacher": anna.pk, "students": [carol.pk], "start_time": tomorrow(8)}

    response = marias.post(page_of(lesson), form_of(lesson, **edits))

    saved = Lesson.objects.get(pk=lesson.pk)
    assert response.status_code == 302
    assert (saved.title, saved.teacher, saved.student_ids) == ("Geometry", anna, ids(carol))
    assert (saved.start_time, saved.end_time) == (tomorrow(8), tomorrow(11))
    assert history(lesson) == ["created", "updated"]
    assert lesson.events.latest("id").actor == maria


def test_saving_a_page_as_it_is_writes_nothing(marias: Client, alice: User, bob: User) -> None:
    exact = tomorrow().replace(microsecond=123456)
    lesson = draft(alice, bob, description="one\ntwo", at=exact)

    with nothing_written():
        response = marias.post(page_of(lesson), form_of(lesson, description="one\r\ntwo"))

    assert response.status_code == 302


def test_who_leaves_and_who_joins_a_scheduled_lesson_is_told(
    marias: Client, alice: User, bob: User, carol: User
) -> None:
    lesson = scheduled(alice, bob)

    marias.post(page_of(lesson), form_of(lesson, students=[carol.pk]))

    assert recipients(lesson) == ids(alice, bob, carol)
    assert booked(lesson) == ids(alice, carol)


def test_a_clash_is_told_on_the_page_and_leaves_nothing_behind(
    marias: Client, maria: User, alice: User, anna: User, bob: User, carol: User
) -> None:
    scheduled(anna, carol, title="Biology")
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = marias.post(page_of(lesson), form_of(lesson, students=[bob.pk, carol.pk]))

    assert "Carol is already booked" in errors(response)["__all__"][0]
    assert "“Biology”" in errors(response)["__all__"][0]
    assert log_of(maria) == []


def test_the_last_student_of_a_scheduled_lesson_does_not_leave(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = marias.post(page_of(lesson), form_of(lesson, students=[]))

    assert "keeps at least one student" in errors(response)["__all__"][0]


@pytest.mark.parametrize(
    ("make", "editable"),
    [
        (draft, {"title", "description", "teacher", "students", "start_time", "end_time"}),
        (scheduled, {"title", "description", "teacher", "students"}),
        (started, {"title", "description"}),
        (completed, set()),
        (cancelled, set()),
    ],
)
def test_what_can_be_edited_follows_the_status(
    marias: Client, alice: User, bob: User, make: Callable[..., Lesson], editable: set[str]
) -> None:
    response = marias.get(page_of(make(alice, bob)))

    assert set(response.context["adminform"].form.fields) == editable


def test_the_times_of_a_scheduled_lesson_stay_whatever_is_posted(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        marias.post(page_of(lesson), form_of(lesson, start_time=tomorrow(14), end_time=tomorrow(15)))


@pytest.mark.parametrize("make", [completed, cancelled])
def test_a_finished_lesson_takes_no_edit(
    marias: Client, maria: User, alice: User, bob: User, make: Callable[..., Lesson]
) -> None:
    lesson = make(alice, bob)

    with nothing_written():
        response = marias.post(page_of(lesson), form_of(lesson, title="Geometry"))

    assert "Nothing was saved" in told(response)
    assert 'name="_save"' not in marias.get(page_of(lesson)).content.decode()
    assert log_of(maria) == []


def test_an_edit_of_a_page_that_is_out_of_date_is_refused_with_what_was_typed(
    marias: Client, alice: User, bob: User
) -> None:
    lesson = draft(alice, bob)
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(title="Biology"))

    with nothing_written():
        first = marias.post(page_of(lesson), form_of(lesson, title="Geometry"))
        again = marias.post(page_of(lesson), form_of(lesson, title="Geometry"))

    assert "has changed since you opened the page" in errors(first)["__all__"][0]
    assert 'value="Geometry"' in first.content.decode()
    assert f'name="_version" value="{lesson.version}"' in first.content.decode()
    assert errors(again) == errors(first)


def test_the_page_tells_what_happened_to_the_lesson(marias: Client, alice: User, bob: User) -> None:
    lesson = cancelled(alice, bob)

    page = marias.get(page_of(lesson)).content.decode()

    assert all(
        f'<span class="chip chip-{name}">{name}</span>' in page for name in ("created", "scheduled", "cancelled")
    )
    assert "scheduled → cancelled" in page
    assert "flu" in page
    assert page_of(lesson.events.latest("id").dispatch) in page
