"""The API's pages are read by indexes, whatever is asked for."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lessons.models import User
from lessons.tests.api.client import LESSONS, api
from lessons.tests.people import tomorrow
from lessons.tests.years import plan_of, read_as_a_whole, years_pass

pytestmark = pytest.mark.django_db

DISPATCHES, DELIVERIES, RUNS = "/api/v1/dispatches/", "/api/v1/deliveries/", "/api/v1/chord-runs/"


@pytest.fixture
def _years(alice: User, carol: User) -> None:
    years_pass(alice, carol)


@pytest.mark.usefixtures("_years")
@pytest.mark.parametrize(
    ("path", "query"),
    [
        (LESSONS, {}),
        (LESSONS, {"status": "scheduled"}),
        (LESSONS, {"status": "completed"}),
        (LESSONS, {"teacher": "{anna}"}),
        (LESSONS, {"student": "{bob}"}),
        (LESSONS, {"start_after": f"{tomorrow():%Y-%m-%d}T00:00Z", "start_before": f"{tomorrow():%Y-%m-%d}T23:59Z"}),
        (LESSONS, {"upcoming": "true", "ordering": "start_time"}),
        (LESSONS, {"ordering": "-created_at"}),
        (LESSONS, {"search": "4321"}),
        (LESSONS, {"search": "nowhere"}),
        (DISPATCHES, {}),
        (DISPATCHES, {"state": "failed"}),
        (DISPATCHES, {"state": "delivering"}),
        (DELIVERIES, {}),
        (DELIVERIES, {"state": "dead"}),
        (DELIVERIES, {"state": "skipped"}),
        (DELIVERIES, {"state": "pending"}),
        (DELIVERIES, {"channel": "sms"}),
        (DELIVERIES, {"recipient": "{bob}"}),
        (RUNS, {}),
    ],
    ids=str,
)
def test_a_page_is_read_by_an_index(path: str, query: dict[str, str], anna: User, bob: User, maria: User) -> None:
    asked = {name: value.format(anna=anna.pk, bob=bob.pk) for name, value in query.items()}

    with CaptureQueriesContext(connection) as captured:
        assert api(maria).get(path, asked).status_code == 200

    reads = [one["sql"] for one in captured if one["sql"].startswith("SELECT") and "lessons_" in one["sql"]]
    assert reads
    plans = {read: plan_of(read) for read in reads}
    assert not [(read, plan) for read, plan in plans.items() if read_as_a_whole(plan) - {"lessons_user"}]
