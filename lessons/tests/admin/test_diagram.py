"""The state diagram is drawn from the transitions themselves."""

from collections.abc import Callable

import pytest
from django.test import Client

from lessons.admin.diagram import diagram, edges, main_line
from lessons.models import Lesson, Status, User
from lessons.models.lesson import TRANSITIONS
from lessons.tests.admin.pages import page_of
from lessons.tests.people import cancelled, completed, draft, scheduled, started


def test_every_transition_is_an_arrow_and_every_status_a_box() -> None:
    picture = diagram(now="draft")

    assert {edge.name for edge in edges()} == set(TRANSITIONS)
    assert picture.count('<g class="arrow') == len(edges()) == 7
    assert all(picture.count(f'<g class="box box-{status}') == 1 for status in Status.values)


def test_the_main_line_is_the_life_of_a_lesson_that_goes_well() -> None:
    assert main_line(edges()) == ["draft", "scheduled", "in_progress", "completed"]


@pytest.mark.django_db
@pytest.mark.parametrize("make", [draft, scheduled, started, completed, cancelled])
def test_the_current_status_is_lit_on_the_page(
    marias: Client, alice: User, bob: User, make: Callable[..., Lesson]
) -> None:
    lesson = make(alice, bob)

    page = marias.get(page_of(lesson)).content.decode()

    assert page.count(" is-now") == 1
    assert f'<g class="box box-{lesson.status} is-now">' in page
    assert f"this one is {lesson.get_status_display()}" in " ".join(page.split())


def test_what_can_be_done_now_is_set_off() -> None:
    assert diagram(now="scheduled", possible=["start", "cancel"]).count("is-open") == 2
    assert diagram(now="completed", possible=[]).count("is-open") == 0


def test_where_the_lesson_has_been_is_marked() -> None:
    assert diagram(now="cancelled", been=["", "draft", "scheduled"]).count(" was") == 2


def test_it_has_neither_styles_nor_scripts() -> None:
    picture = diagram(now="draft")

    assert "style=" not in picture
    assert "<script" not in picture
