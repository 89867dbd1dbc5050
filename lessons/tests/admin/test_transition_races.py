"""Two people, one lesson, the same moment."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from lessons.models import Lesson, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import form_of, page_of, press, told, transition_page
from lessons.tests.people import draft, scheduled
from lessons.tests.racing import race
from lessons.tests.rows import history

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_managers_start_a_lesson_at_once_and_it_starts_once(
    maria: User, root: User, alice: User, bob: User
) -> None:
    lesson = scheduled(alice, bob)
    browsers = [logged_in(maria), logged_in(root)]

    responses = race([lambda b=browser: press(b, lesson, "start") for browser in browsers])

    assert sorted(map(told, responses)) == [
        "This is not possible: the lesson is in progress.",
        "“Algebra” is in progress now; everybody is being told.",
    ]
    assert history(lesson) == ["created", "scheduled", "started"]


def test_one_starts_while_another_cancels_and_both_are_told_what_came_of_it(
    maria: User, root: User, alice: User, bob: User
) -> None:
    lesson = scheduled(alice, bob)
    version = {"_version": lesson.version}

    def cancel() -> HttpResponse:
        return logged_in(root).post(transition_page(lesson, "cancel"), {"reason": "flu", **version})

    responses = race([lambda: press(logged_in(maria), lesson, "start", **version), cancel])

    assert [response.status_code for response in responses] == [302, 302]
    assert sum("has changed since you opened the page" in told(response) for response in responses) == 1
    assert history(lesson) in (["created", "scheduled", "started"], ["created", "scheduled", "cancelled"])


def test_two_edits_at_once_are_one_edit_and_one_refusal(maria: User, root: User, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    def edit(person: User, title: str) -> Callable[[], HttpResponse]:
        return lambda: logged_in(person).post(page_of(lesson), form_of(lesson, title=title))

    responses = race([edit(maria, "Geometry"), edit(root, "Drama")])

    assert sorted(response.status_code for response in responses) == [200, 302]
    assert history(lesson) == ["created", "updated"]
    assert Lesson.objects.get(pk=lesson.pk).version == lesson.version + 1
