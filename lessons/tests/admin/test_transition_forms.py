"""The forms of the transitions that ask for more than a press of a button."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from lessons import lifecycle
from lessons.models import Lesson, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import errors, log_of, moment, page_of, press, told, transition_page
from lessons.tests.people import Manager, cancelled, draft, scheduled, tomorrow
from lessons.tests.rows import booked, history, ids, nothing_written
from lessons.tests.rows import told as recipients

pytestmark = pytest.mark.django_db


def new_times(hour: int = 14, hours: float = 1, **more: Any) -> dict[str, Any]:
    start = tomorrow(hour)
    return {**moment("start_time", start), **moment("end_time", start + timedelta(hours=hours)), **more}


@pytest.mark.parametrize("name", ["cancel", "reschedule"])
def test_the_button_leads_to_the_form_and_changes_nothing(marias: Client, alice: User, bob: User, name: str) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = press(marias, lesson, name, _version=lesson.version, reason="flu", **new_times())
        form = marias.get(response.headers["Location"])

    assert response.headers["Location"] == f"{transition_page(lesson, name)}?_version={lesson.version}"
    assert f'name="_version" value="{lesson.version}"' in form.content.decode()
    assert 'name="reason"' in form.content.decode()


def test_cancelling_tells_everybody_why(marias: Client, maria: User, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    response = marias.post(transition_page(lesson, "cancel"), {"reason": "Alice has the flu"})

    event = lesson.events.latest("id")
    assert response.headers["Location"] == page_of(lesson)
    assert (event.name, event.reason, event.actor) == ("cancelled", "Alice has the flu", maria)
    assert recipients(lesson) == ids(alice, bob)
    assert log_of(maria) == ["cancelled: scheduled → cancelled (Alice has the flu)"]
    assert told(response) == "“Algebra” is cancelled now; everybody is being told."


def test_rescheduling_moves_the_bookings(marias: Client, maria: User, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    marias.post(transition_page(lesson, "reschedule"), new_times(reason="the room is taken"))

    moved = Lesson.objects.get(pk=lesson.pk)
    assert (moved.start_time, moved.end_time) == (tomorrow(14), tomorrow(15))
    assert booked(moved) == ids(alice, bob)
    assert history(lesson)[-1] == "rescheduled"
    assert len(log_of(maria)) == 1


def test_times_are_typed_in_by_the_clock_of_whoever_types_them(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    browser = logged_in(Manager(username="masha", time_zone="Europe/Moscow"))
    day = tomorrow().date().isoformat()
    typed = {"start_time_0": day, "start_time_1": "17:00", "end_time_0": day, "end_time_1": "18:00"}

    form = browser.get(transition_page(lesson, "reschedule")).content.decode()
    browser.post(transition_page(lesson, "reschedule"), typed)

    assert 'value="13:00:00"' in form
    assert "Times are those of Europe/Moscow." in form
    assert Lesson.objects.get(pk=lesson.pk).start_time == tomorrow(14)


def test_the_next_request_has_its_own_clock(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    logged_in(Manager(username="masha", time_zone="Europe/Moscow")).get(page_of(lesson))

    assert timezone.get_current_timezone_name() == "UTC"
    assert "10 a.m." in marias.get(page_of(lesson)).content.decode()


def test_a_clash_is_told_on_the_form_with_who_and_when(marias: Client, alice: User, anna: User, bob: User) -> None:
    scheduled(anna, bob, title="Biology", at=tomorrow(14))
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = marias.post(transition_page(lesson, "reschedule"), new_times(reason="kept while I look"))

    [text] = errors(response)["__all__"]
    assert all(part in text for part in ("Bob is already booked", "2 p.m.", "3 p.m.", "“Biology”"))
    assert "kept while I look" in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"hours": -1}, "end_time"),
        ({"hours": 0}, "end_time"),
        ({"hours": 24 * 366 * 6}, "end_time"),
        ({"hour": 10}, "__all__"),  # the lesson is at this time already
        ({"start_time_0": "2001-01-01"}, "start_time"),
        ({"start_time_0": "0001-01-01"}, "start_time"),
        ({"start_time_0": ""}, "start_time"),
        ({"start_time_1": "noon"}, "start_time"),
        ({"reason": "x" * 2001}, "reason"),
        ({"reason": "nul\0"}, "reason"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_form(
    marias: Client, alice: User, bob: User, typed: dict[str, Any], field: str
) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        response = marias.post(transition_page(lesson, "reschedule"), new_times(**typed))

    assert list(errors(response)) == [field]


def test_a_lesson_is_not_moved_into_the_past(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    yesterday = timezone.now() - timedelta(days=1)
    typed = {**moment("start_time", yesterday), **moment("end_time", yesterday + timedelta(hours=1))}

    with nothing_written():
        response = marias.post(transition_page(lesson, "reschedule"), typed)

    assert "not in the future" in errors(response)["__all__"][0]


def test_a_lesson_that_was_cancelled_meanwhile_is_not_cancelled_again(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    marias.get(transition_page(lesson, "cancel"))
    lifecycle.cancel_lesson(lesson_id=lesson.pk, actor=alice)

    with nothing_written():
        response = marias.post(transition_page(lesson, "cancel"), {"reason": "flu"})

    assert response.headers["Location"] == page_of(lesson)
    assert told(response) == "This is not possible: the lesson is cancelled."


def test_a_form_that_is_out_of_date_is_refused(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    lifecycle.start_lesson(lesson_id=lesson.pk, actor=alice)

    with nothing_written():
        response = marias.post(transition_page(lesson, "cancel"), {"reason": "flu", "_version": lesson.version})

    assert "it is in progress now" in told(response)


@pytest.mark.parametrize("version", ["abc", "9" * 5000])
def test_a_version_in_the_address_is_shown_as_text_only(marias: Client, alice: User, bob: User, version: str) -> None:
    lesson = scheduled(alice, bob)

    assert marias.get(transition_page(lesson, "cancel"), {"_version": version}).status_code == 200


@pytest.mark.parametrize(("make", "name"), [(draft, "reschedule"), (cancelled, "cancel"), (cancelled, "reschedule")])
def test_a_form_that_would_lead_nowhere_is_not_shown(
    marias: Client, alice: User, bob: User, make: Callable[..., Lesson], name: str
) -> None:
    response = marias.get(transition_page(make(alice, bob), name))

    assert "This is not possible" in told(response)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["start", "complete", "schedule", "delete", "save", "__class__"])
def test_there_is_no_form_but_those_two(marias: Client, alice: User, bob: User, name: str, method: str) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        assert getattr(marias, method)(transition_page(lesson, name)).status_code == 404


@pytest.mark.parametrize("pk", ["0", "abc", "9" * 40])
def test_a_lesson_that_is_not_there_has_no_form(marias: Client, pk: str) -> None:
    response = marias.post(f"/admin/lessons/lesson/{pk}/transition/cancel/", {"reason": "flu"})

    assert "doesn’t exist" in told(response)


# --- Looking for clashes before anything is saved ---------------------------------------------------


def checked(client: Client, lesson: Lesson, start: int, end: int) -> HttpResponse:
    times = {**moment("start_time", tomorrow(start)), **moment("end_time", tomorrow(end))}
    return client.post(transition_page(lesson, "reschedule"), {**times, "_check": "yes", "_version": lesson.version})


def test_a_clash_is_shown_before_anything_is_saved(marias: Client, alice: User, anna: User, bob: User) -> None:
    scheduled(anna, bob, title="Biology", at=tomorrow(14))
    lesson = scheduled(alice, bob)

    with nothing_written():
        page = checked(marias, lesson, 14, 15).content.decode()

    assert "Somebody is already booked then:" in page
    assert "Bob is already booked" in page
    assert "“Biology”" in page


def test_where_everybody_is_free_that_is_said_too(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        page = checked(marias, lesson, 14, 15).content.decode()

    assert "Everybody is free then." in page


def test_the_lesson_itself_is_nobodys_clash(marias: Client, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    assert "Everybody is free then." in checked(marias, lesson, 10, 12).content.decode()


def test_times_that_no_lesson_can_have_are_told_and_not_looked_up(marias: Client, alice: User, bob: User) -> None:
    response = checked(marias, scheduled(alice, bob), 15, 14)

    assert list(errors(response)) == ["end_time"]
    assert "Everybody is free" not in response.content.decode()
