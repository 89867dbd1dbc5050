"""Lessons as CSV: what the list shows, and nothing that a spreadsheet would compute."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lessons.admin.export import safe
from lessons.models import Lesson, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import list_of
from lessons.tests.people import Manager, cancelled, draft, in_days, scheduled, tomorrow

pytestmark = pytest.mark.django_db

EXPORT = "/admin/lessons/lesson/export/"


def exported(client: Client, headers: dict[str, str] | None = None, **query: str) -> list[list[str]]:
    response = client.get(EXPORT, query, headers=headers)
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_lesson_is_a_line(marias: Client, alice: User, bob: User, carol: User) -> None:
    lesson = scheduled(alice, bob, carol)

    head, line = exported(marias)

    assert head == ["number", "title", "status", "teacher", "students", "start", "end", "version"]
    assert line[:5] == [str(lesson.pk), "Algebra", "scheduled", "Alice", "Bob; Carol"]
    assert line[5] == tomorrow().isoformat(timespec="minutes")


def test_it_holds_what_the_list_is_filtered_by(marias: Client, alice: User, anna: User, bob: User) -> None:
    cancelled(alice, bob)
    draft(anna, title="Biology")

    assert [line[1] for line in exported(marias, status__exact="cancelled")[1:]] == ["Algebra"]
    assert [line[1] for line in exported(marias, q="bio")[1:]] == ["Biology"]


def test_times_are_those_of_the_reader_with_their_offset(alice: User) -> None:
    draft(alice)

    line = exported(logged_in(Manager(username="masha", time_zone="Europe/Moscow")))[1]

    assert line[5].endswith("T13:00+03:00")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "＝", "－"])
def test_what_a_spreadsheet_would_compute_is_text(start: str) -> None:
    assert safe(f"{start}HYPERLINK(1)").startswith("'")


@pytest.mark.parametrize("text", ["Algebra", "1 + 1 = 2", "", "a-b", "Геометрия"])
def test_what_it_would_not_is_left_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_a_title_that_is_a_formula_does_not_get_through(marias: Client, alice: User) -> None:
    draft(alice, title='=cmd|"/C calc"!A0')

    assert exported(marias)[1][1] == '\'=cmd|"/C calc"!A0'


def test_a_teacher_with_staff_access_exports_their_own_lessons_only(alice: User, anna: User) -> None:
    draft(alice)
    draft(anna, title="Biology")
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    assert [line[1] for line in exported(logged_in(alice))[1:]] == ["Algebra"]


def test_who_is_no_staff_exports_nothing(bob: User) -> None:
    assert logged_in(bob).get(EXPORT).status_code == 302


def test_a_filter_that_makes_no_sense_is_left_out_politely(marias: Client) -> None:
    assert marias.get(EXPORT, {"teacher__id__exact": "abc"}).headers["Location"] == f"{list_of(Lesson)}?e=1"


def test_it_costs_the_same_number_of_queries_for_many_as_for_few(marias: Client, alice: User, bob: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            exported(marias)
        return len(captured)

    draft(alice, bob)
    few = queries()
    for n in range(5):
        draft(alice, bob, at=in_days(n + 2))

    assert queries() == few
