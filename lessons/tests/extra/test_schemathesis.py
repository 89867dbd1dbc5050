"""Schemathesis reads the description and tries whatever it can think of, as each role: no 5xx, nothing undocumented."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer
from rest_framework_simplejwt.tokens import AccessToken

from lessons.models import ChordRun, Delivery, User
from lessons.notifications.expand import expand
from lessons.policies import Role
from lessons.tests.people import Person, draft, scheduled, started, tomorrow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)
CASES_PER_ROLE = 500


@pytest.fixture
def school(settings: Any, alice: User, anna: User, bob: User, carol: User) -> None:
    """Lessons in several states, messages in several more; and as many requests as it takes."""
    settings.API_REQUESTS_PER_MINUTE = 0
    for hour, make in enumerate((draft, scheduled, started)):
        make(alice, bob, carol, at=tomorrow(10 + 2 * hour))
    draft(anna, carol)
    expand()
    run = ChordRun.objects.create(channel="sms", size=1, delivery_count=1)
    Delivery.objects.filter(channel="sms").update(state="dead", run=run)


def person_of(role: Role) -> User:
    """Alice, Bob and Maria where there are some: those with lessons."""
    return User.objects.filter(role=role).order_by("pk").first() or Person(username=f"the_{role}", role=role)


@pytest.mark.parametrize("role", Role)
def test_nothing_breaks_and_nothing_is_undocumented(
    role: Role, school: None, live_server: LiveServer, tmp_path: Path
) -> None:
    command = (
        *(str(Path(sys.executable).with_name("schemathesis")), "run", str(SCHEMA), "--url", live_server.url),
        *("--header", f"Authorization: Bearer {AccessToken.for_user(person_of(role))}"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--checks", ",".join(CHECKS)),
        *("--max-examples", "2", "--seed", "20270901", "--continue-on-failure", "--no-shrink", "--workers", "2"),
        *("--suppress-health-check", "all", "--warnings", "off"),
    )

    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=380)

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    (cases,) = re.findall(r"(\d+) generated", done.stdout)
    assert int(cases) > CASES_PER_ROLE
