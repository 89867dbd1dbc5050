"""Pages that follow each other without gaps and without repetitions, whatever happens meanwhile."""

import base64
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from lessons import lifecycle
from lessons.models import User
from lessons.tests.api.client import LESSONS, api, problem, url
from lessons.tests.people import draft, tomorrow

pytestmark = pytest.mark.django_db


def ids_of(page: dict[str, Any]) -> list[int]:
    return [lesson["id"] for lesson in page["results"]]


def walk(client: APIClient, page: dict[str, Any], direction: str) -> list[dict[str, Any]]:
    """The pages after `page`, until there is none."""
    pages = []
    while page[direction]:
        page = client.get(page[direction]).json()
        pages.append(page)
    return pages


@pytest.mark.parametrize("ordering", ["start_time", "-start_time"])
def test_sixty_lessons_at_one_time_are_walked_while_others_are_added(ordering: str, alice: User) -> None:
    lessons = [draft(alice, at=tomorrow(12)).pk for _ in range(60)]
    client, seen = api(alice), []

    page = client.get(LESSONS, {"page_size": "7", "ordering": ordering}).json()
    while True:
        seen += ids_of(page)
        draft(alice, at=tomorrow(11))
        draft(alice, at=tomorrow(13))
        if not page["next"]:
            break
        page = client.get(page["next"]).json()
    back = walk(client, page, "previous")

    assert len(seen) == len(set(seen))
    assert set(lessons) <= set(seen)
    assert [pk for pk in seen if pk in lessons] == sorted(lessons, reverse=ordering.startswith("-"))
    returned = [pk for page in [*reversed(back), page] for pk in ids_of(page) if pk in lessons]
    assert returned == [pk for pk in seen if pk in lessons]


def test_forward_and_back_are_the_same_pages(alice: User) -> None:
    for _ in range(10):
        draft(alice)
    client = api(alice)

    first = client.get(LESSONS, {"page_size": "4"}).json()
    others = walk(client, first, "next")
    back = walk(client, others[-1], "previous")

    assert [len(ids_of(page)) for page in [first, *others]] == [4, 4, 2]
    assert [ids_of(page) for page in back] == [ids_of(page) for page in [others[0], first]]
    assert first["previous"] is None
    assert back[-1]["previous"] is None
    assert ids_of(client.get(back[-1]["next"]).json()) == ids_of(others[0])


@pytest.mark.parametrize(("lessons", "page_size"), [(0, 1), (1, 1), (4, 4)])
def test_what_fits_on_one_page_has_no_neighbours(lessons: int, page_size: int, alice: User) -> None:
    for _ in range(lessons):
        draft(alice)

    page = api(alice).get(LESSONS, {"page_size": str(page_size)}).json()

    assert (len(page["results"]), page["next"], page["previous"]) == (lessons, None, None)


def test_links_keep_the_filters(alice: User, bob: User) -> None:
    for students in ([bob], [], [bob], [], [bob]):
        draft(alice, *students)
    client = api(alice)

    first = client.get(f"{LESSONS}?student={bob.pk}&status=draft&status=scheduled&page_size=2&search=alg").json()

    assert [len(ids_of(page)) for page in [first, *walk(client, first, "next")]] == [2, 1]


def test_by_default_a_page_has_twenty_five(alice: User) -> None:
    for _ in range(26):
        draft(alice)

    assert len(api(alice).get(LESSONS).json()["results"]) == 25


@pytest.mark.parametrize("size", ["0", "-1", "101", "1000", "", "ten", "5.0", "1e1", " 5", "٥", "9" * 5_000, "\x00"])
def test_a_page_size_out_of_bounds_is_refused(size: str, alice: User) -> None:
    problem(api(alice).get(LESSONS, {"page_size": size}), 400, "invalid", "page_size")


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


NOW = "2027-01-01T00:00:00+00:00"
TAMPERED = {
    "garbage": "garbage",
    "not base64": "!!!!",
    "not ASCII": "ключ",
    "a NUL": "\x00",
    "not UTF-8": base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    "too short": encoded([False, NOW]),
    "too long": encoded([False, NOW, 1, 1]),
    "no list": encoded({"backwards": False}),
    "a direction that is none": encoded(["no", NOW, 1]),
    "a moment that is none": encoded([False, "yesterday", 1]),
    "a naive moment": encoded([False, "2027-01-01T00:00:00", 1]),
    "a moment before time": encoded([False, "0001-01-01T00:00:00+23:59", 1]),
    "a moment after time": encoded([False, "9999-12-31T23:59:59-23:59", 1]),
    "a number for a moment": encoded([False, 5, 1]),
    "an id that is none": encoded([False, NOW, "1; DROP TABLE lessons_lesson"]),
    "a negative id": encoded([False, NOW, -1]),
    "a huge id": encoded([False, NOW, 10**400]),
    "half an id": encoded([False, NOW, 1.5]),
    "200,000 brackets": base64.urlsafe_b64encode(b"[" * 200_000).decode(),
}


@pytest.mark.parametrize("cursor", TAMPERED.values(), ids=TAMPERED)
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str, alice: User) -> None:
    problem(api(alice).get(LESSONS, {"cursor": cursor}), 400, "invalid", "cursor")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_a_cursor_at_the_end_of_time_finds_a_page(moment: str, alice: User) -> None:
    draft(alice)

    assert api(alice).get(LESSONS, {"cursor": encoded([False, moment, 2**63 - 1])}).status_code == 200


@pytest.mark.parametrize("value", ["abc", 1.5, None, "9" * 5_000])
def test_a_tampered_cursor_of_a_history_is_refused(value: Any, alice: User) -> None:
    response = api(alice).get(url(draft(alice), "events"), {"cursor": encoded([False, value, 1])})

    problem(response, 400, "invalid", "cursor")


def test_a_history_has_pages_too(alice: User) -> None:
    lesson = draft(alice)
    for number in range(4):
        lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(title=f"Algebra {number}"))
    client = api(alice)

    first = client.get(url(lesson, "events"), {"page_size": "2"}).json()

    pages = [first, *walk(client, first, "next")]
    assert [[event["seq"] for event in page["results"]] for page in pages] == [[1, 2], [3, 4], [5]]
