"""ETags: what a client read, and whether it still is so."""

import pytest

from lessons import lifecycle
from lessons.api.etags import NO_VERSION, etag_of, expected_version, is_not_modified
from lessons.models import Lesson, User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, url
from lessons.tests.people import draft, scheduled
from lessons.tests.rows import nothing_written


def test_an_etag_tells_the_version_and_changes_with_the_body() -> None:
    etags = {etag_of(7, {"a": 1}), etag_of(7, {"a": 2}), etag_of(8, {"a": 1})}

    assert len(etags) == 3
    assert etag_of(7, {"a": 1, "b": 2}) == etag_of(7, {"b": 2, "a": 1})
    assert etag_of(7, {}).startswith('"7-')


@pytest.mark.parametrize(
    ("header", "version"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"7-3fa9c1d2"', 7),
        ('W/"7-3fa9c1d2"', 7),
        ('"7-3fa9c1d2", "7-00000000"', 7),
        ('"7-3fa9c1d2", "8-3fa9c1d2"', NO_VERSION),
        ("", NO_VERSION),
        ("7", NO_VERSION),
        ('"7"', NO_VERSION),
        ('"garbage"', NO_VERSION),
        ('"٧-3fa9c1d2"', NO_VERSION),
        (f'"{10**400}-3fa9c1d2"', NO_VERSION),
    ],
)
def test_if_match_asks_for_a_version(header: str | None, version: int | None) -> None:
    assert expected_version(header) == version


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("", False),
        ("*", True),
        ('"7-3fa9c1d2"', True),
        ('W/"7-3fa9c1d2"', True),
        ('"1-00000000", "7-3fa9c1d2"', True),
        ('"7-00000000"', False),
        ("7-3fa9c1d2", False),
    ],
)
def test_if_none_match_asks_for_version_and_body(header: str | None, expected: bool) -> None:
    assert is_not_modified(header, '"7-3fa9c1d2"') is expected


pytestmark = pytest.mark.django_db


def etag(lesson: Lesson, reader: User) -> str:
    return str(api(reader).get(url(lesson))["ETag"])


def test_every_answer_about_a_lesson_has_the_etag_of_its_address(alice: User, bob: User) -> None:
    client = api(alice)

    created = client.post(LESSONS, lesson_body(bob))
    lesson = Lesson.objects.get()

    assert created["ETag"] == etag(lesson, alice)
    assert client.patch(url(lesson), {"title": "Geometry"})["ETag"] == etag(lesson, alice)
    assert client.post(url(lesson, "schedule"))["ETag"] == etag(lesson, alice)


def test_readers_who_may_do_different_things_have_different_etags(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)

    assert etag(lesson, alice) != etag(lesson, bob)


def test_what_has_not_changed_is_not_sent_again(alice: User) -> None:
    lesson = draft(alice)

    response = api(alice).get(url(lesson), headers={"If-None-Match": etag(lesson, alice)})

    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == etag(lesson, alice)


def test_what_has_changed_is_sent_again(alice: User) -> None:
    lesson = draft(alice)
    before = etag(lesson, alice)
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(title="Geometry"))

    response = api(alice).get(url(lesson), headers={"If-None-Match": before})

    assert (response.status_code, response.json()["title"]) == (200, "Geometry")


def test_a_new_name_of_a_student_changes_the_etag_but_not_the_version(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    before = etag(lesson, alice)
    bob.full_name = "Robert"
    bob.save()

    assert api(alice).get(url(lesson), headers={"If-None-Match": before}).status_code == 200
    assert api(alice).post(url(lesson, "schedule"), headers={"If-Match": before}).status_code == 200


@pytest.mark.parametrize(("verb", "tail", "body"), [("patch", "", {"title": "Topology"}), ("post", "schedule", {})])
def test_a_change_of_what_was_read_long_ago_is_refused(
    verb: str, tail: str, body: dict[str, str], alice: User, bob: User
) -> None:
    lesson = draft(alice, bob)
    before = etag(lesson, alice)
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(title="Geometry"))

    with nothing_written():
        response = getattr(api(alice), verb)(url(lesson, tail), body, headers={"If-Match": before})

    problem(response, 412, "version_mismatch", None)
    fresh = getattr(api(alice), verb)(url(lesson, tail), body, headers={"If-Match": etag(lesson, alice)})
    assert fresh.status_code == 200


def test_a_tag_that_is_none_of_ours_never_matches(alice: User) -> None:
    lesson = draft(alice)

    with nothing_written():
        response = api(alice).patch(url(lesson), {"title": "Geometry"}, headers={"If-Match": '"abc"'})

    problem(response, 412, "version_mismatch")
