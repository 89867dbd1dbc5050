"""Who gets into the admin, and how far."""

import re

import pytest
from django.test import Client

from lessons.models import Lesson, Status, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import LOGIN, add_page, buttons, form_of, list_of, page_of, press, transition_page
from lessons.tests.people import PASSWORD, draft, scheduled
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db


def let_in(person: User) -> Client:
    """Behind everybody's back: staff by the row alone, whatever the role."""
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return logged_in(person)


@pytest.mark.parametrize("who", ["nobody", "bob", "carol", "alice", "anna"])
@pytest.mark.parametrize("page", ["lesson", "form"])
def test_who_is_no_staff_moves_nothing(
    alice: User, bob: User, who: str, page: str, request: pytest.FixtureRequest
) -> None:
    lesson = scheduled(alice, bob)
    client = Client() if who == "nobody" else logged_in(request.getfixturevalue(who))
    url, name = (page_of(lesson), "start") if page == "lesson" else (transition_page(lesson, "cancel"), "cancel")

    with nothing_written():
        response = client.post(url, {"_fsm_transition_to": name, "reason": "flu"})

    assert response.headers["Location"].startswith(LOGIN)


def test_a_manager_who_was_deactivated_moves_nothing(marias: Client, maria: User, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    User.objects.filter(pk=maria.pk).update(is_active=False)

    with nothing_written():
        assert press(marias, lesson, "start").headers["Location"].startswith(LOGIN)


@pytest.mark.parametrize("page", ["lesson", "form"])
def test_a_page_of_another_site_moves_nothing(maria: User, alice: User, bob: User, page: str) -> None:
    lesson = scheduled(alice, bob)
    client = Client(enforce_csrf_checks=True)
    client.force_login(maria)
    url = page_of(lesson) if page == "lesson" else transition_page(lesson, "cancel")

    with nothing_written():
        assert client.post(url, {"_fsm_transition_to": "start"}).status_code == 403


def test_a_teacher_with_staff_access_sees_their_own_lessons_only(alice: User, anna: User, bob: User) -> None:
    scheduled(alice, bob)
    draft(anna, bob, title="Biology")

    page = let_in(alice).get(list_of(Lesson)).content.decode()

    assert "Algebra" in page
    assert "Biology" not in page


def test_a_teacher_with_staff_access_moves_their_own_lesson(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    press(let_in(alice), lesson, "start")

    assert history(lesson)[-1] == "started"


def test_a_teacher_with_staff_access_cannot_reach_the_lesson_of_another(alice: User, anna: User, bob: User) -> None:
    lesson = scheduled(anna, bob)
    client = let_in(alice)

    with nothing_written():
        press(client, lesson, "start")
        client.post(transition_page(lesson, "cancel"), {"reason": "flu"})
        client.post(page_of(lesson), form_of(lesson, title="Mine"))
    assert client.get(page_of(lesson)).headers["Location"] == "/admin/"


def test_a_teacher_with_staff_access_creates_for_themselves_whatever_the_form_says(alice: User, anna: User) -> None:
    unsaved = Lesson(title="Drama", teacher=anna, start_time=draft(anna).start_time, end_time=draft(anna).end_time)

    let_in(alice).post(add_page(Lesson), form_of(unsaved))

    assert Lesson.objects.get(title="Drama").teacher == alice


def test_a_student_with_staff_access_may_look_and_nothing_else(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    client = let_in(bob)

    assert client.get(page_of(lesson)).status_code == 200
    assert buttons(client, lesson) == []
    with nothing_written():
        assert press(client, lesson, "start").status_code == 403
        assert client.get(transition_page(lesson, "cancel")).status_code == 403
        assert client.post(transition_page(lesson, "cancel"), {"reason": "flu"}).status_code == 403
        assert client.post(page_of(lesson), form_of(lesson, title="Mine")).status_code == 403
        assert client.post(add_page(Lesson), form_of(lesson)).status_code == 403


@pytest.mark.parametrize("client", ["marias", "roots"])
def test_nobody_deletes_a_lesson(alice: User, bob: User, client: str, request: pytest.FixtureRequest) -> None:
    lesson = draft(alice, bob)
    browser = request.getfixturevalue(client)

    with nothing_written():
        deleted = browser.post(f"/admin/lessons/lesson/{lesson.pk}/delete/", {"post": "yes"})
        browser.post(list_of(Lesson), {"action": "delete_selected", "_selected_action": lesson.pk, "post": "yes"})

    assert deleted.status_code == 403


def test_a_status_is_never_an_input(marias: Client, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    marias.post(page_of(lesson), form_of(lesson, status=Status.COMPLETED, version=99))

    saved = Lesson.objects.get(pk=lesson.pk)
    assert (saved.status, saved.version) == (Status.DRAFT, 1)
    assert 'name="status"' not in marias.get(page_of(lesson)).content.decode()


def test_the_admin_has_the_name_of_the_house() -> None:
    page = Client().get(LOGIN).content.decode()

    assert "<title>Log in | Lesson Management System</title>" in page
    assert re.search(
        r'<div id="site-name"><a href="/admin/"><img [^>]*alt=""[^>]*>Lesson Management System</a></div>', page
    )


def test_a_student_cannot_log_in_to_the_admin(bob: User) -> None:
    page = Client().post(LOGIN, {"username": "bob", "password": PASSWORD}).content.decode()

    assert "for a staff account" in page
