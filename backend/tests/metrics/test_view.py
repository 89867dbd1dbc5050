"""/metrics is for who is inside."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
INSIDE, OUTSIDE = "172.18.0.9", "9.9.9.9"


@pytest.mark.parametrize("address", ["127.0.0.1", INSIDE, "::1", "fd00::7"])
def test_it_answers_inside(address: str) -> None:
    response = Client(REMOTE_ADDR=address, headers={"Host": "app:8000"}).get("/metrics")

    assert response.status_code == 200
    assert b"lessons_deliveries_waiting" in response.content


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": OUTSIDE}])
def test_what_came_through_nginx_finds_nothing(headers: dict[str, str]) -> None:
    assert Client(REMOTE_ADDR=INSIDE, headers=headers).get("/metrics").status_code == 404


@pytest.mark.parametrize("address", [OUTSIDE, "", "nonsense"])
def test_outside_finds_nothing(address: str) -> None:
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer open-sesame", 200),
        ("Bearer open-sesam", 404),
        ("Basic open-sesame", 404),
        ("", 404),
        ("Bearer ключ", 404),
    ],
)
def test_where_there_is_a_token_it_is_asked_for(given: str, status: int, settings: Any) -> None:
    settings.METRICS_TOKEN = "open-sesame"

    assert Client(REMOTE_ADDR=INSIDE, HTTP_AUTHORIZATION=given).get("/metrics").status_code == status


COUNT = """
import os
from prometheus_client import Counter, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
counter = Counter("lessons_http_requests", "x", ["route"])
counter.labels("r").inc(int(os.environ["AMOUNT"]))
if os.environ["AMOUNT"] == "0":
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    print(generate_latest(registry).decode())
"""


def test_processes_that_share_the_directory_are_added_up(tmp_path: Path) -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-c", COUNT],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "AMOUNT": amount},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for amount in ("2", "3", "0")
    ]

    assert 'lessons_http_requests_total{route="r"} 5.0' in outputs[-1]
