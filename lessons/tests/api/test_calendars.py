"""Own lessons in a calendar program."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from icalendar import Calendar

from lessons import lifecycle
from lessons.models import User
from lessons.tests.api.client import api, problem
from lessons.tests.people import cancelled, completed, draft, in_days, scheduled, started, tomorrow
from lessons.tests.rows import a_day_passes

pytestmark = pytest.mark.django_db

CALENDAR, ME, ROTATE = "/api/v1/lessons/calendar.ics", "/api/v1/me/", "/api/v1/me/calendar/rotate/"


def entries(response: Any) -> dict[str, Any]:
    """By their titles."""
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8"), response.content
    return {str(entry["SUMMARY"]): entry for entry in Calendar.from_ical(response.content).events}


def secret_link(person: User) -> str:
    return str(api(person).get(ME).json()["calendar_url"])


def test_what_somebody_is_booked_for_is_in_their_calendar(alice: User, anna: User, bob: User, carol: User) -> None:
    scheduled(alice, bob, title="Scheduled", at=tomorrow(8))
    started(alice, bob, title="Started", at=tomorrow(10))
    completed(alice, bob, title="Completed", at=tomorrow(12))
    scheduled(anna, alice, title="Attended", at=tomorrow(14))
    draft(alice, bob, title="Draft")
    scheduled(anna, carol, title="Of others", at=tomorrow(16))

    assert entries(api(alice).get(CALENDAR)).keys() == {"Scheduled", "Started", "Completed", "Attended"}
    assert entries(api(bob).get(CALENDAR)).keys() == {"Scheduled", "Started", "Completed"}


def test_an_entry_says_what_the_invitation_said(alice: User, bob: User, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "School <lessons@school.example>"
    lesson = scheduled(alice, bob, title="Algebra, again", description="Sums;\nand more", at=tomorrow(10))

    entry = entries(api(bob).get(CALENDAR))["Algebra, again"]

    assert entry["UID"] == f"lesson-{lesson.pk}@school.example"
    assert (entry["SEQUENCE"], entry["STATUS"]) == (lesson.version, "CONFIRMED")
    assert (entry.start, entry.end) == (tomorrow(10), tomorrow(11))
    assert entry["DESCRIPTION"] == "Sums;\nand more\n\nTeacher: Alice"


def test_a_calendar_speaks_its_owners_language(alice: User, carol: User) -> None:
    scheduled(alice, carol, title="Алгебра")

    entry = entries(api(carol).get(CALENDAR, headers={"Accept-Language": "en"}))["Алгебра"]

    assert entry["DESCRIPTION"] == "Преподаватель: Alice"


def test_a_cancelled_lesson_says_so_where_it_had_been_on(alice: User, bob: User) -> None:
    cancelled(alice, bob, title="Off")
    lifecycle.cancel_lesson(lesson_id=draft(alice, bob, title="Never on").pk, actor=alice)

    off = entries(api(bob).get(CALENDAR))

    assert off.keys() == {"Off"}
    assert off["Off"]["STATUS"] == "CANCELLED"


def test_what_is_long_past_has_left_it(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob, at=in_days(1))
    assert entries(api(bob).get(CALENDAR))
    for _ in range(93):
        a_day_passes(lesson)

    assert not entries(api(bob).get(CALENDAR))


def test_a_title_cannot_forge_a_line(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lesson.title = "Algebra\r\nATTENDEE:mailto:eve@evil.example"
    lesson.save()

    content = api(bob).get(CALENDAR).content

    assert b"\r\nATTENDEE" not in content


# --- The secret link ------------------------------------------------------------------------------


def test_the_secret_link_needs_no_login(alice: User, bob: User) -> None:
    scheduled(alice, bob, title="Algebra")

    for headers in ({}, {"Authorization": "Bearer garbage"}):
        assert entries(api().get(secret_link(bob), headers=headers)).keys() == {"Algebra"}


def test_a_renewed_link_ends_the_old_one(bob: User, carol: User) -> None:
    old, carols = secret_link(bob), secret_link(carol)

    response = api(bob).post(ROTATE)

    assert response.status_code == 200
    assert response.json() == api(bob).get(ME).json()
    new = response.json()["calendar_url"]
    assert new != old
    problem(api().get(old), 404, "not_found", None)
    assert [api().get(link).status_code for link in (new, carols)] == [200, 200]


def test_a_deactivated_persons_link_leads_nowhere(bob: User) -> None:
    link = secret_link(bob)
    bob.is_active = False
    bob.save()

    problem(api().get(link), 404, "not_found", None)


@pytest.mark.parametrize("secret", ["0-0.abc", "{pk}-0", "{pk}-0.", "{pk}-1.{rest}", "1" * 400, "a.b", "%00.x", "-."])
def test_a_guessed_link_leads_nowhere(secret: str, bob: User) -> None:
    rest = secret_link(bob).rpartition("/")[2].removesuffix(".ics").partition(".")[2]

    problem(api().get(f"/api/v1/calendar/{secret.format(pk=bob.pk, rest=rest)}.ics"), 404, "not_found", None)


def test_the_link_opens_the_calendar_and_nothing_else(bob: User) -> None:
    secret = secret_link(bob).rpartition("/")[2].removesuffix(".ics")

    problem(api().get(ME, headers={"Authorization": f"Bearer {secret}"}), 401, "token_not_valid", None)


# --- As an address of the API ---------------------------------------------------------------------


def test_a_calendar_that_has_not_changed_is_not_sent_again(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    etag = api(bob).get(CALENDAR)["ETag"]

    again = api(bob).get(CALENDAR, headers={"If-None-Match": etag})
    lifecycle.start_lesson(lesson_id=lesson.pk, actor=alice)

    assert (again.status_code, again.content) == (304, b"")
    assert api(bob).get(CALENDAR, headers={"If-None-Match": etag}).status_code == 200


def test_it_refuses_like_its_neighbours(bob: User) -> None:
    problem(api().get(CALENDAR), 401, "not_authenticated", None)
    problem(api(bob).get(CALENDAR, {"no": 1}), 400, "invalid", "no")
    problem(api(bob).get(CALENDAR, headers={"Accept": "application/json"}), 406, "not_acceptable", None)
    problem(api(bob).post(CALENDAR), 405, "method_not_allowed", None)
    problem(api().get(secret_link(bob), {"no": 1}), 400, "invalid", "no")
    problem(api(bob).post(ROTATE, {"no": 1}), 400, "invalid", "no")


def test_a_calendar_takes_two_queries_however_full(alice: User, bob: User, django_assert_num_queries: Any) -> None:
    """The reader, the lessons with their teachers."""
    for hour in range(8):
        scheduled(alice, bob, at=tomorrow(hour))
    with django_assert_num_queries(2):
        assert len(Calendar.from_ical(api(bob).get(CALENDAR).content).events) == 8
    assert timezone.now() - timedelta(days=1) < tomorrow(0)
