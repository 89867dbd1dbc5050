"""The list of lessons, and the people that its forms offer."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from lessons.models import Lesson, User
from lessons.monitoring import counting
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import list_of
from lessons.tests.people import Manager, cancelled, draft, in_days, scheduled, tomorrow

pytestmark = pytest.mark.django_db


def titles(client: Client, **query: str) -> list[str]:
    response = client.get(list_of(Lesson), query)
    return [lesson.title for lesson in response.context["cl"].result_list]


def test_a_row_says_what_one_wants_to_know(marias: Client, alice: User, bob: User, carol: User) -> None:
    scheduled(alice, bob, carol)

    page = marias.get(list_of(Lesson)).content.decode()

    assert '<span class="chip chip-scheduled">scheduled</span>' in page
    assert '<td class="field-teacher nowrap">Alice</td>' in page
    assert '<td class="field-student_count">2</td>' in page
    assert '<td class="field-ends">11 a.m.</td>' in page


def test_times_are_shown_by_the_readers_clock(alice: User, bob: User) -> None:
    scheduled(alice, bob)

    page = logged_in(Manager(username="masha", time_zone="Europe/Moscow")).get(list_of(Lesson)).content.decode()

    assert "Times are those of Europe/Moscow." in page
    assert "1 p.m.</td>" in page


@pytest.mark.parametrize("by", ["alg", "ALICE", "Algebra alice"])
def test_a_lesson_is_found_by_title_and_teacher(marias: Client, alice: User, anna: User, by: str) -> None:
    draft(alice)
    draft(anna, title="Biology")

    assert titles(marias, q=by) == ["Algebra"]


def test_lessons_are_filtered_by_status(marias: Client, alice: User, bob: User) -> None:
    cancelled(alice, bob)
    draft(alice, title="Biology")

    assert titles(marias, status__exact="cancelled") == ["Algebra"]


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("today", []),
        ("tomorrow", ["Algebra"]),
        ("week", ["Algebra"]),
        ("upcoming", ["Biology", "Algebra"]),
        ("past", ["Chemistry"]),
        ("someday", ["Biology", "Algebra", "Chemistry"]),
    ],
)
def test_lessons_are_filtered_by_when_they_are(marias: Client, alice: User, when: str, found: list[str]) -> None:
    for title, days in (("Algebra", 0), ("Biology", 30), ("Chemistry", -30)):
        draft(alice, title=title, at=tomorrow() + timedelta(days=days))

    assert titles(marias, when=when) == found


def test_lessons_are_filtered_by_a_teacher_that_one_types_in(marias: Client, alice: User, anna: User) -> None:
    draft(alice)
    draft(anna, title="Biology")

    page = marias.get(list_of(Lesson), {"teacher__id__exact": anna.pk, "status__exact": "draft"}).content.decode()

    assert titles(marias, teacher__id__exact=str(anna.pk)) == ["Biology"]
    assert f'<option value="{anna.pk}" selected>Anna</option>' in page
    assert '<input type="hidden" name="status__exact" value="draft">' in page
    assert f'<option value="{alice.pk}"' not in page


def test_the_filter_without_a_teacher_filters_nothing(marias: Client, alice: User) -> None:
    draft(alice)

    assert titles(marias, teacher__id__exact="") == ["Algebra"]


@pytest.mark.parametrize("value", ["abc", "1,2"])
def test_a_filter_that_makes_no_sense_is_left_out_politely(marias: Client, alice: User, value: str) -> None:
    draft(alice)

    assert marias.get(list_of(Lesson), {"teacher__id__exact": value}).headers["Location"].endswith("?e=1")


def test_nobody_finds_out_a_password_by_filtering(marias: Client, alice: User) -> None:
    draft(alice)

    assert marias.get(list_of(Lesson), {"teacher__password__startswith": "md5"}).status_code == 400


@pytest.mark.parametrize(("field", "names"), [("teacher", {"Alice", "Anna"}), ("students", {"Alice", "Anna", "Bob"})])
def test_a_field_offers_those_whom_the_life_cycle_takes(
    marias: Client, alice: User, anna: User, bob: User, carol: User, root: User, field: str, names: set[str]
) -> None:
    User.objects.filter(pk=carol.pk).update(is_active=False)

    answer = marias.get(
        "/admin/autocomplete/", {"app_label": "lessons", "model_name": "lesson", "field_name": field, "term": "a"}
    )
    everybody = marias.get(
        "/admin/autocomplete/", {"app_label": "lessons", "model_name": "lesson", "field_name": field, "term": ""}
    )

    assert {person["text"] for person in json.loads(everybody.content)["results"]} == names
    assert "Alice" in {person["text"] for person in json.loads(answer.content)["results"]}


def test_who_is_no_staff_is_offered_nobody(bob: User) -> None:
    client = logged_in(bob)

    answer = client.get(
        "/admin/autocomplete/", {"app_label": "lessons", "model_name": "lesson", "field_name": "teacher", "term": ""}
    )

    assert answer.status_code == 302


# --- Days, chips, students, counts ------------------------------------------------------------------


def test_a_day_and_a_week_are_chosen_by_the_address(marias: Client, alice: User) -> None:
    monday = in_days(10) - timedelta(days=in_days(10).weekday())
    for title, days in (("Algebra", 0), ("Biology", 6), ("Chemistry", 7)):
        draft(alice, title=title, at=monday + timedelta(days=days))
    day = f"{monday:%Y-%m-%d}"

    assert titles(marias, on=day) == ["Algebra"]
    assert titles(marias, on=day, span="week") == ["Biology", "Algebra"]


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_or_the_last_one_breaks_nothing(marias: Client, alice: User, day: str) -> None:
    draft(alice)

    assert marias.get(list_of(Lesson), {"on": day}).status_code in (200, 302)


def test_a_day_is_the_readers_day(alice: User) -> None:
    draft(alice, at=tomorrow(22))  # one o'clock of the day after, in Moscow

    masha = logged_in(Manager(username="masha", time_zone="Europe/Moscow"))

    assert titles(masha, on=f"{tomorrow():%Y-%m-%d}") == []
    assert titles(masha, on=f"{tomorrow() + timedelta(days=1):%Y-%m-%d}") == ["Algebra"]


def test_the_navigation_turns_days_and_keeps_the_filters(marias: Client, alice: User) -> None:
    page = marias.get(list_of(Lesson), {"on": "2026-05-04", "status__exact": "draft"}).content.decode()

    assert "?status__exact=draft&amp;on=2026-05-05" in page
    assert "?status__exact=draft&amp;on=2026-05-03" in page
    assert "?on=2026-05-04&amp;status__exact=scheduled" in page
    assert "Monday, 4 May 2026" in page


def test_lessons_are_filtered_by_a_student(marias: Client, alice: User, bob: User, carol: User) -> None:
    draft(alice, bob)
    draft(alice, carol, title="Biology")

    assert titles(marias, students__id__exact=str(carol.pk)) == ["Biology"]


@pytest.mark.parametrize("term", ["'", "\\", "alg:* | bio", "!", "&", "(", "<->", "''", "%", "alg\0ebra"])
def test_a_search_for_signs_breaks_nothing(marias: Client, alice: User, term: str) -> None:
    draft(alice)

    assert marias.get(list_of(Lesson), {"q": term}).status_code == 200


def test_a_russian_title_is_found_by_the_beginning_of_a_word(marias: Client, alice: User) -> None:
    draft(alice, title="Органическая химия")

    assert titles(marias, q="хим") == ["Органическая химия"]


def test_nobody_counts_a_long_list_to_its_end(marias: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "COUNTED_UP_TO", 2)
    for n in range(4):
        draft(alice, title=f"Lesson {n}")

    page = marias.get(list_of(Lesson)).content.decode()

    assert "2+ lessons" in page
