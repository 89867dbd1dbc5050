"""The holes of django-fsm-2's admin mixin, each with the attack that would go through it. None does."""

from typing import Any

import pytest
from django.test import Client

from lessons import lifecycle
from lessons.models import Lesson, LessonEvent, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import form_of, page_of, press, told, transition_page
from lessons.tests.people import draft, scheduled
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db


def let_in(person: User) -> Client:
    """Staff by the row alone, whatever the role."""
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return logged_in(person)


def test_the_button_asks_for_the_permission_of_the_transition(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        assert press(let_in(bob), lesson, "start").status_code == 403


def test_the_form_asks_for_it_too_when_it_is_opened_and_when_it_is_sent(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    client = let_in(bob)

    with nothing_written():
        assert client.get(transition_page(lesson, "cancel")).status_code == 403
        assert client.post(transition_page(lesson, "cancel"), {"reason": "mine"}).status_code == 403


def test_a_transition_that_is_hidden_from_the_admin_cannot_be_posted(
    marias: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = scheduled(alice, bob)
    monkeypatch.setitem(Lesson.start._django_fsm.transitions["scheduled"].custom, "admin", False)

    with nothing_written():
        assert press(marias, lesson, "start").status_code == 404


def test_a_button_does_not_save_the_form_around_it(marias: Client, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    press(marias, lesson, "schedule", **form_of(lesson, title="Forged"))

    assert Lesson.objects.get(pk=lesson.pk).title == "Algebra"


def test_what_a_failed_transition_has_written_is_not_kept(
    marias: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = draft(alice, bob)

    def write_and_fail(**arguments: Any) -> None:
        User.objects.filter(pk=bob.pk).update(full_name="Half written")
        raise lifecycle.TransitionRefused(lesson, "schedule")

    monkeypatch.setitem(lifecycle.BY_TRANSITION, "schedule", write_and_fail)
    response = press(marias, lesson, "schedule")

    assert "This is not possible" in told(response)
    assert User.objects.get(pk=bob.pk).full_name == "Bob"


@pytest.mark.parametrize(
    "name", ["", "delete", "save", "__class__", "__init__", "_do_update", "refresh_from_db", "start/../cancel", "'; --"]
)
def test_a_name_that_is_no_transition_is_not_found(marias: Client, alice: User, bob: User, name: str) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        assert press(marias, lesson, name).status_code == 404


def test_a_transitions_body_runs_once_even_where_it_raises_a_type_error(
    marias: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def broken(**arguments: Any) -> None:
        calls.append(arguments)
        raise TypeError("unexpected argument")

    monkeypatch.setitem(lifecycle.BY_TRANSITION, "schedule", broken)
    with pytest.raises(TypeError):
        press(marias, draft(alice, bob), "schedule")

    assert len(calls) == 1


def test_a_double_click_moves_once_and_says_so_politely(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    press(marias, lesson, "start", _version=lesson.version)
    second = press(marias, lesson, "start", _version=lesson.version)

    assert history(lesson) == ["created", "scheduled", "started"]
    assert second.status_code == 302
    assert told(second)


@pytest.mark.parametrize("extra", [{"status": "completed"}, {"version": "99"}, {"_fsm_state": "completed"}])
def test_a_status_is_no_input_of_any_form(marias: Client, alice: User, bob: User, extra: dict[str, str]) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        marias.post(page_of(lesson), {**form_of(lesson), **extra})
        marias.post(page_of(lesson), {**form_of(lesson), **extra, "_fsm_transition_to": "complete"})


def test_a_script_in_a_title_is_text_everywhere(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob, title="<script>alert(1)</script>")
    addresses = (page_of(lesson), "/admin/", "/admin/lessons/lesson/", transition_page(lesson, "cancel"))
    bulk = {"action": "bulk_start", "_selected_action": [lesson.pk]}

    pages = [marias.get(address).content.decode() for address in addresses]
    pages.append(marias.get(page_of(lesson.dispatches.latest("pk"))).content.decode())
    pages.append(marias.post("/admin/lessons/lesson/", bulk).content.decode())

    assert all("&lt;script&gt;alert(1)" in page for page in pages)
    assert not any("<script>alert(1)" in page for page in pages)


def test_the_log_of_events_is_not_rewritten_by_any_of_it(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    before = list(LessonEvent.objects.order_by("pk").values())

    press(marias, lesson, "start")

    assert list(LessonEvent.objects.order_by("pk").values())[: len(before)] == before
