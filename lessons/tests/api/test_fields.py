"""Values that merely look like what they should be are refused, with their field."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lessons.models import User
from lessons.tests.api.client import LESSONS, api, lesson_body, problem
from lessons.tests.people import tomorrow
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

FAR_AHEAD = timezone.now() + timedelta(days=6 * 366)
LONG_AGO = timezone.now() - timedelta(days=6 * 366)
HOUR = timedelta(hours=1)

NO_TEXTS: list[Any] = [1, 1.5, True, None, [], {}, ["Algebra"], "a\x00b", "\ud800", "a\udfff"]
NO_IDS: list[Any] = ["1", "one", "", 1.0, True, False, None, [1], {"id": 1}, 0, -1, 2**63, 10**400, -(10**400)]
NO_MOMENTS: list[Any] = [
    *[1, 1.5, True, None, [], {}, "", "tomorrow", "10:00", "\ud800", "a\x00b", "2027-13-01T10:00:00Z", "9" * 5_000],
    *["2027-02-29T10:00:00Z", "2027-03-01T24:30:00Z", "2027-03-01T10:00:00+99:00", "2027-03-01T10:00:00 Europe/Berlin"],
    *["2027-03-01T10:00:00", "2027-03-01", "2027-03-28T02:30:00"],  # naive; the last one in a gap of European clocks
    *["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"],  # no such moment in UTC
]
REFUSED: list[tuple[str, Any]] = [
    *[("title", value) for value in [*NO_TEXTS, "", "   ", "a" * 201]],
    *[("description", value) for value in [*NO_TEXTS, "a" * 10_001]],
    *[("teacher", value) for value in NO_IDS],
    *[("students.0", [value]) for value in NO_IDS],
    *[("students", value) for value in [1, "1", True, None, {}, {"0": 1}, "12"]],
    *[("start_time", value) for value in NO_MOMENTS],
    *[("end_time", value) for value in NO_MOMENTS],
]


@pytest.mark.parametrize(("attr", "value"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_a_value_of_the_wrong_kind_is_refused_by_name(attr: str, value: Any, alice: User) -> None:
    body = {**lesson_body(), attr.partition(".")[0]: value}

    with nothing_written():
        response = api(alice).post(LESSONS, json.dumps(body), content_type="application/json")

    assert attr in problem(response, 400, "invalid", attr)["detail"]


@pytest.mark.parametrize("field", ["title", "students", "start_time", "end_time"])
def test_what_is_required_is_missed_by_name(field: str, alice: User) -> None:
    with nothing_written():
        response = api(alice).post(LESSONS, lesson_body(**{field: None}))

    assert problem(response, 400, "invalid", field)["errors"][0]["code"] == "required"


def test_all_that_is_missing_is_named_at_once(alice: User) -> None:
    problem(api(alice).post(LESSONS, {}), 400, "invalid", "title", "students", "start_time", "end_time")


READ_ONLY = {
    "id": 7,
    "status": "completed",
    "version": 9,
    "available_transitions": [],
    "created_at": "2027-01-01T00:00:00Z",
    "updated_at": "2027-01-01T00:00:00Z",
}


@pytest.mark.parametrize("field", READ_ONLY)
def test_a_read_only_field_is_refused_by_name(field: str, alice: User) -> None:
    with nothing_written():
        response = api(alice).post(LESSONS, lesson_body(**{field: READ_ONLY[field]}))

    assert problem(response, 400, "invalid", field)["errors"][0]["code"] == "read_only"


@pytest.mark.parametrize("field", ["reason", "teacher_id", "__class__", "", "Title", "_changes", "a\x00b", "\ud800"])
def test_an_unknown_field_is_refused_by_name(field: str, alice: User) -> None:
    with nothing_written():
        body = json.dumps({**lesson_body(), field: "x"})
        response = api(alice).post(LESSONS, body, content_type="application/json")

    assert problem(response, 400, "invalid")["errors"][0]["code"] == "unknown"


TIMES = [
    ("end_time", "ends_before_start", tomorrow(10), tomorrow(10)),
    ("end_time", "ends_before_start", tomorrow(10), tomorrow(9)),
    ("start_time", "too_far_away", FAR_AHEAD, FAR_AHEAD + HOUR),
    ("end_time", "too_far_away", tomorrow(10), FAR_AHEAD),
    ("start_time", "too_far_away", LONG_AGO, LONG_AGO + HOUR),
]


@pytest.mark.parametrize(("field", "code", "start", "end"), TIMES)
def test_times_that_no_lesson_has_are_refused(field: str, code: str, start: Any, end: Any, alice: User) -> None:
    body = lesson_body(start_time=start.isoformat(), end_time=end.isoformat())

    with nothing_written():
        response = api(alice).post(LESSONS, body)

    assert problem(response, 400, "invalid", field)["errors"][0]["code"] == code


@pytest.mark.parametrize(
    "moment", ["{date}T10:00:00Z", "{date}T10:00:00.000000+00:00", "{date}T13:00:00+03:00", "{date}T02:30:00-07:30"]
)
def test_a_moment_with_its_offset_is_read_as_that_moment(moment: str, alice: User) -> None:
    start = moment.format(date=tomorrow().date())

    response = api(alice).post(LESSONS, lesson_body(start_time=start))

    assert response.json()["start_time"] == tomorrow(10).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_with_an_offset_no_hour_is_lost_when_clocks_change(alice: User) -> None:
    body = lesson_body(start_time="2028-03-26T02:30:00+01:00", end_time="2028-03-26T03:30:00+02:00")

    assert problem(api(alice).post(LESSONS, body), 400, "invalid", "end_time")  # the same moment, said twice
    body["end_time"] = "2028-03-26T04:00:00+02:00"
    assert api(alice).post(LESSONS, body).json()["end_time"] == "2028-03-26T02:00:00Z"
