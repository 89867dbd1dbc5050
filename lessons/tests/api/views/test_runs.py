"""What Celery is doing, for those who watch over it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lessons.models import ChordRun, User
from lessons.tests.api.client import api, problem

pytestmark = pytest.mark.django_db

RUNS = "/api/v1/chord-runs/"


def run(**columns: Any) -> ChordRun:
    return ChordRun.objects.create(**{"channel": "log", "size": 2, "delivery_count": 3, **columns})


def listed(reader: User, **query: Any) -> list[str]:
    response = api(reader).get(RUNS, query)
    assert response.status_code == 200, response.content
    return [one["id"] for one in response.json()["results"]]


@pytest.mark.parametrize("who", ["maria", "root"])
def test_a_closed_run_is_shown_with_its_report(who: str, request: pytest.FixtureRequest) -> None:
    task, now = uuid.uuid4(), timezone.now()
    report = {"sent": 3, "failed": 0}
    one = run(state="closed", task_ids=[task], started_at=now, closed_at=now + timedelta(seconds=1.5), report=report)

    shown = api(request.getfixturevalue(who)).get(f"{RUNS}{one.pk}/").json()

    assert shown == {
        "id": str(one.pk),
        "channel": "log",
        "state": "closed",
        "size": 2,
        "done": 2,
        "started_at": shown["started_at"],
        "closed_at": shown["closed_at"],
        "age_seconds": 1.5,
        "delivery_count": 3,
        "task_ids": [str(task)],
        "report": report,
    }


def test_a_run_that_is_under_way_grows_older(maria: User) -> None:
    one = run(started_at=timezone.now() - timedelta(minutes=1))

    shown = api(maria).get(f"{RUNS}{one.pk}/").json()

    assert (shown["state"], shown["closed_at"], shown["report"]) == ("running", None, {})
    assert 60 <= shown["age_seconds"] < 120


def test_the_latest_comes_first_and_filters_find_what_they_say(maria: User) -> None:
    now = timezone.now()
    runs = [
        run(started_at=now - timedelta(seconds=3), channel="sms", state="lost"),
        run(started_at=now - timedelta(seconds=2), channel="sms"),
        run(started_at=now - timedelta(seconds=1)),
    ]
    names = [str(one.pk) for one in runs]

    assert listed(maria) == names[::-1]
    assert listed(maria, channel="sms") == [names[1], names[0]]
    assert listed(maria, state="lost") == [names[0]]
    assert listed(maria, state="running", channel="log") == [names[2]]


def test_the_pages_follow_each_other_also_at_one_moment(maria: User) -> None:
    now = timezone.now()
    every = {str(run(started_at=now).pk) for _ in range(7)}
    client, seen = api(maria), []

    page = client.get(RUNS, {"page_size": "2"}).json()
    while True:
        seen += [one["id"] for one in page["results"]]
        if not page["next"]:
            break
        page = client.get(page["next"]).json()

    assert len(seen) == 7
    assert set(seen) == every


@pytest.mark.parametrize(("name", "value"), [("state", "open"), ("channel", "fax"), ("no", "1"), ("cursor", "x")])
def test_an_unknown_parameter_or_value_is_named(name: str, value: str, maria: User) -> None:
    problem(api(maria).get(RUNS, {name: value}), 400, "invalid", name)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_others_do_not_watch(who: str, request: pytest.FixtureRequest) -> None:
    client = api(request.getfixturevalue(who))

    problem(client.get(RUNS, {"no": 1}), 403, "permission_denied", None)
    problem(client.get(f"{RUNS}{run().pk}/"), 403, "permission_denied", None)


@pytest.mark.parametrize("pk", ["5", "nothing", "c87e502a-62b2-47cf-ac8c-774012a6b813", "147bcce2"])
def test_a_run_that_is_not_there(pk: str, maria: User) -> None:
    problem(api(maria).get(f"{RUNS}{pk}/"), 404, "not_found", None)


def test_a_list_takes_two_queries_however_long(maria: User, django_assert_num_queries: Any) -> None:
    """The reader; the runs with what is done of them."""
    for _ in range(10):
        run()
    with django_assert_num_queries(2):
        listed(maria, state="running")
