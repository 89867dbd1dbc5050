"""The filters of the list: each finds what it says, and refuses what it does not know."""

from datetime import timedelta
from typing import Any

import pytest

from lessons import selectors
from lessons.api.query import REPEATABLE
from lessons.models import Lesson, User
from lessons.tests.api.client import LESSONS, api, problem
from lessons.tests.people import cancelled, completed, draft, scheduled, tomorrow

pytestmark = pytest.mark.django_db


def found(reader: User, query: Any = None) -> set[int]:
    response = api(reader).get(LESSONS, query)
    assert response.status_code == 200, response.content
    return {lesson["id"] for lesson in response.json()["results"]}


def pks(*lessons: Lesson) -> set[int]:
    return {lesson.pk for lesson in lessons}


def test_status_may_be_repeated(alice: User, bob: User, carol: User, maria: User) -> None:
    a_draft, booked, held = draft(alice), scheduled(alice, bob), completed(alice, carol, at=tomorrow(14))

    assert found(maria, {"status": "draft"}) == pks(a_draft)
    assert found(maria, {"status": ["draft", "completed"]}) == pks(a_draft, held)
    assert found(maria, {"status": "in_progress"}) == set()
    assert found(maria) == pks(a_draft, booked, held)


def test_teacher_and_student(alice: User, anna: User, bob: User, carol: User, maria: User) -> None:
    first, second, third = draft(alice, bob), draft(alice, carol), draft(anna, bob, carol)

    assert found(maria, {"teacher": alice.pk}) == pks(first, second)
    assert found(maria, {"student": bob.pk}) == pks(first, third)
    assert found(maria, {"student": bob.pk, "teacher": anna.pk}) == pks(third)
    assert found(maria, {"teacher": 2**63 - 1}) == found(maria, {"student": 2**63 - 1}) == set()


def test_a_filter_never_shows_more_than_one_may_see(alice: User, anna: User, bob: User, carol: User) -> None:
    draft(alice, carol)
    shared = draft(anna, bob, carol)

    assert found(bob, {"teacher": alice.pk}) == set()
    assert found(bob, {"student": carol.pk}) == pks(shared)


def test_start_after_and_before_include_their_moment(alice: User) -> None:
    early, middle, late = (draft(alice, at=tomorrow(hour)) for hour in (8, 10, 12))

    assert found(alice, {"start_after": tomorrow(10).isoformat()}) == pks(middle, late)
    assert found(alice, {"start_before": tomorrow(10).isoformat()}) == pks(early, middle)
    assert found(alice, {"start_after": tomorrow(9).isoformat(), "start_before": tomorrow(11).isoformat()}) == pks(
        middle
    )


def test_upcoming_are_those_that_have_not_begun(alice: User) -> None:
    past, future = draft(alice, at=tomorrow() - timedelta(days=2)), draft(alice)

    assert found(alice, {"upcoming": "true"}) == pks(future)
    assert found(alice, {"upcoming": "false"}) == pks(past)


def test_role_is_mine(alice: User, anna: User, bob: User) -> None:
    given, attended = draft(alice, bob), draft(anna, alice)

    assert found(alice) == pks(given, attended)
    assert found(alice, {"role": "teacher"}) == pks(given)
    assert found(alice, {"role": "student"}) == pks(attended)


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        ("ALG", {"Algebra", "Algebra II"}),
        ("alg i", {"Algebra II"}),
        ("ii algebra", {"Algebra II"}),
        ("gebra", set()),
        ("100%", {"100% ready"}),
        ("%", set()),
        ("_", set()),
        ("phys", {"Math/Physics-42"}),
        ("42", {"Math/Physics-42"}),
        ("math/phys", {"Math/Physics-42"}),
        ("alg:* | math", set()),
        ("\\", set()),
        ("' OR 1=1 --", set()),
        ("АЛГ", {"Алгебра"}),
    ],
)
def test_search_finds_the_beginnings_of_a_titles_words(search: str, titles: set[str], alice: User) -> None:
    for title in ("Algebra", "Algebra II", "100% ready", "Алгебра", "Math/Physics-42"):
        draft(alice, title=title)

    page = api(alice).get(LESSONS, {"search": search}).json()

    assert {lesson["title"] for lesson in page["results"]} == titles


def test_a_frequent_word_finds_the_same_as_a_rare_one(
    alice: User, anna: User, bob: User, maria: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = draft(alice, bob, title="Algebra I"), draft(anna, alice, title="Algebra II")
    draft(alice, bob, title="Biology")
    expected = {alice: pks(first, second), anna: pks(second), bob: pks(first), maria: pks(first, second)}

    for few in (selectors.FEW, 1):
        monkeypatch.setattr(selectors, "FEW", few)
        assert {reader: found(reader, {"search": "algebra"}) for reader in expected} == expected


@pytest.mark.parametrize(
    ("ordering", "order"),
    [
        (None, ["late", "middle", "early"]),
        ("-start_time", ["late", "middle", "early"]),
        ("start_time", ["early", "middle", "late"]),
        ("created_at", ["middle", "late", "early"]),
        ("-created_at", ["early", "late", "middle"]),
    ],
)
def test_orderings(ordering: str | None, order: list[str], alice: User) -> None:
    for title, hour in (("middle", 10), ("late", 12), ("early", 8)):
        draft(alice, title=title, at=tomorrow(hour))

    page = api(alice).get(LESSONS, {"ordering": ordering} if ordering else None).json()

    assert [lesson["title"] for lesson in page["results"]] == order


UNKNOWN = ["sort", "Status", "id", "limit", "offset", "page", "format", "teacher_id", "title__contains", "", "a\x00b"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_parameter_is_refused_by_name(name: str, alice: User) -> None:
    body = problem(api(alice).get(LESSONS, {name: "json"}), 400, "invalid")

    assert [error["code"] for error in body["errors"]] == ["unknown"]


NO_IDS = [
    "",
    "one",
    "0",
    "-1",
    "1.5",
    "1.0",
    " 1",
    "1 ",
    "1e3",
    "true",
    "٣",
    "1_0",
    str(2**63),
    "9" * 400,
    "9" * 5_000,
    "\x00",
]
NO_MOMENTS = [
    "",
    "now",
    "2027-01-01",
    "2027-01-01T10:00:00",
    "9999-12-31T23:59:59-01:00",
    "2027-13-01T00:00:00Z",
    "\x00",
]
REFUSED = [
    *[("status.0", value) for value in ["", "open", "DRAFT", "draft,scheduled", "\x00"]],
    *[(name, value) for name in ("teacher", "student") for value in NO_IDS],
    *[(name, value) for name in ("start_after", "start_before") for value in NO_MOMENTS],
    *[("upcoming", value) for value in ["", "1", "yes", "True"]],
    *[("role", value) for value in ["", "manager", "me"]],
    *[("search", value) for value in ["", "a" * 201, "a\x00b"]],
    *[("ordering", value) for value in ["", "title", "--start_time", "start_time,id", "?"]],
]


@pytest.mark.parametrize(("attr", "value"), REFUSED, ids=lambda value: ascii(value)[:30])
def test_an_unknown_value_is_refused_by_name(attr: str, value: str, alice: User) -> None:
    problem(api(alice).get(LESSONS, {attr.partition(".")[0]: value}), 400, "invalid", attr)


def test_what_is_asked_for_twice_is_refused(alice: User, anna: User) -> None:
    response = api(alice).get(LESSONS, {"teacher": [alice.pk, anna.pk]})

    assert problem(response, 400, "invalid", "teacher")["errors"][0]["code"] == "repeated"
    assert {"status"} == REPEATABLE


def test_more_parameters_than_anybody_reads_are_refused(alice: User) -> None:
    problem(api(alice).get(f"{LESSONS}?{'&'.join(['a=1'] * 1_001)}"), 400, "parse_error", None)


@pytest.mark.parametrize("tail", ["me/", "lessons/{}/", "lessons/{}/events/"])
def test_what_takes_no_parameters_refuses_them(tail: str, alice: User) -> None:
    lesson = draft(alice)

    problem(api(alice).get(f"/api/v1/{tail.format(lesson.pk)}", {"verbose": "1"}), 400, "invalid", "verbose")


def test_a_list_takes_as_many_queries_however_long(
    alice: User, bob: User, maria: User, django_assert_num_queries: Any
) -> None:
    """The reader, the lessons with their teachers, the students of all of them; and whether a teacher attends any."""
    queries = {alice: 4, bob: 3, maria: 3}
    draft(alice, bob)
    for reader in (alice, bob, maria):
        with django_assert_num_queries(queries[reader]):
            found(reader, {"status": "draft", "upcoming": "true"})
        with django_assert_num_queries(4):  # and what a search finds
            found(reader, {"search": "a"})
    cancelled(alice, bob)
    for hour in range(20):
        draft(alice, bob, at=tomorrow(hour))
    for reader in (alice, bob, maria):
        with django_assert_num_queries(queries[reader]):
            found(reader, {"status": ["draft", "cancelled"], "upcoming": "true", "student": bob.pk})
