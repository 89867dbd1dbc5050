"""The admin's first page: today's lessons, what needs attention, and how it is going."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lessons import lifecycle, prevented
from lessons.models import User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import page_of
from lessons.tests.notifications.aftermath import died
from lessons.tests.notifications.deliveries import HOUR, latest
from lessons.tests.people import draft, in_days, scheduled, started
from lessons.tests.rows import a_day_passes

pytestmark = pytest.mark.django_db


def first_page(client: Client) -> str:
    return client.get("/admin/").content.decode()


def test_todays_lessons_are_there_and_tomorrows_are_not(marias: Client, alice: User, anna: User, bob: User) -> None:
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    today, tomorrow = draft(alice, bob, at=noon), draft(anna, bob, title="Biology", at=noon + timedelta(days=1))

    found = marias.get("/admin/").context["today"]

    assert [lesson.pk for lesson in found] == [today.pk]
    assert tomorrow.pk not in [lesson.pk for lesson in found]


def test_a_lesson_that_should_have_started_or_ended_needs_attention(
    marias: Client, alice: User, anna: User, bob: User, carol: User
) -> None:
    late, long = scheduled(alice, bob), started(anna, carol, title="Drama")
    a_day_passes(late)
    a_day_passes(long)
    a_day_passes(late)
    a_day_passes(long)

    page = first_page(marias)

    assert "should have started" in page
    assert "should have ended" in page
    assert page_of(late) in page


def test_dead_letters_need_attention(marias: Client, alice: User, bob: User) -> None:
    died(latest(scheduled(alice, bob), bob), HOUR)

    assert "1 over SMS" in first_page(marias)


def test_where_nothing_is_amiss_that_is_said(marias: Client) -> None:
    assert "Nothing: every lesson is on time, and nobody was missed." in first_page(marias)


def test_clashes_that_were_prevented_are_counted(marias: Client, alice: User, anna: User, bob: User) -> None:
    scheduled(anna, bob)
    for _ in range(2):
        with pytest.raises(lifecycle.SlotConflict):
            scheduled(alice, bob)

    assert prevented.clashes() == 2
    assert "2 clashes prevented in the last seven days" in first_page(marias)


def test_a_teacher_with_staff_access_sees_their_own_lessons_and_nothing_of_the_school(
    alice: User, anna: User, bob: User
) -> None:
    own, other = scheduled(alice, bob), draft(anna, bob, title="Biology", at=in_days(3))
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    page = first_page(logged_in(alice))

    assert page_of(own) in page
    assert page_of(other) not in page
    assert all(word not in page for word in ("Chord monitor", "clashes prevented", "How it is going"))


def test_it_costs_the_same_however_much_has_happened(marias: Client, alice: User, bob: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            first_page(marias)
        return len(captured)

    scheduled(alice, bob)
    queries()
    few = queries()
    for n in range(6):
        scheduled(alice, bob, at=in_days(n + 2))

    assert queries() == few
    assert few <= 12
