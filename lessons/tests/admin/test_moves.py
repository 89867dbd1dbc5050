"""What the page of a lesson offers: each transition with its help, or greyed with the reason."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from lessons.models import Lesson, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import page_of
from lessons.tests.people import cancelled, draft, scheduled, started

pytestmark = pytest.mark.django_db

ITEM = re.compile(
    r'(?P<tag><button class="button move[^>]*>)(?P<label>[^<]*)</button>\s*'
    r'<small id="about-(?P<name>\w+)">(?P<text>[^<]*)</small>'
)


def items(client: Client, lesson: Lesson) -> dict[str, tuple[bool, str]]:
    """Of each transition, whether it can be pressed, and what stands below it."""
    page = client.get(page_of(lesson)).content.decode()
    return {found["name"]: (" disabled" not in found["tag"], found["text"]) for found in ITEM.finditer(page)}


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (draft, dict.fromkeys(("reschedule", "start", "complete"), "The lesson is draft.")),
        (scheduled, dict.fromkeys(("schedule", "complete"), "The lesson is scheduled.")),
        (started, dict.fromkeys(("schedule", "reschedule", "start"), "The lesson is in progress.")),
        (
            cancelled,
            dict.fromkeys(("schedule", "reschedule", "start", "complete", "cancel"), "The lesson is cancelled."),
        ),
    ],
)
def test_what_cannot_be_done_is_grey_with_the_reason(
    marias: Client, alice: User, bob: User, make: Callable[..., Lesson], reasons: dict[str, str]
) -> None:
    shown = items(marias, make(alice, bob))

    assert len(shown) == 5
    assert {name: text for name, (possible, text) in shown.items() if not possible} == reasons


def test_a_condition_that_is_not_met_is_a_reason_too(marias: Client, alice: User) -> None:
    assert items(marias, draft(alice))["schedule"] == (False, "The lesson has no students; add at least one.")


def test_what_can_be_done_says_what_it_does(marias: Client, alice: User, bob: User) -> None:
    assert items(marias, scheduled(alice, bob))["cancel"] == (True, "Frees everybody and tells them why.")


def test_a_right_that_one_has_not_is_a_reason(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    User.objects.filter(pk=bob.pk).update(is_staff=True)

    assert set(items(logged_in(bob), lesson).values()) == {
        (False, "This is for the lesson&#x27;s teacher and for managers.")
    }
