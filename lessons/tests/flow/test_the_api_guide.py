"""The examples of docs/api.md work as they are written, one after the other: the shell's, and Python's."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons.models import Lesson, Photo, Status
from lessons.tests.flow.progress import everything_arrived_once

pytestmark = pytest.mark.django_db(transaction=True)

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "api.md"


def examples(language: str, live_server: LiveServer) -> str:
    """All of that language, as one script against this test's server."""
    blocks = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) >= 7
    return "\n".join(blocks).replace("http://127.0.0.1:8000", live_server.url)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def _school(worker: Process, gateway: Gateway, transactional_db: None) -> None:
    call_command("seed_data", "--lessons", "0")


def test_the_shells_examples_in_their_order(live_server: LiveServer, gateway: Gateway) -> None:
    said = run("bash", "-euo", "pipefail", "-c", examples("bash", live_server))

    assert '"username":"teacher_1"' in said
    assert "nothing_to_redeliver" in said
    assert "The teacher is ill" in said
    assert len(re.findall(r"201 Created", said)) == 2
    assert len(re.findall(r"(?i)idempotency-replayed: true", said)) == 1
    assert set(Lesson.objects.values_list("title", "status")) == {
        ("Trigonometry", Status.CANCELLED),
        ("Once", Status.DRAFT),
    }
    assert everything_arrived_once(gateway)


def test_pythons_examples_in_their_order(live_server: LiveServer, gateway: Gateway) -> None:
    said = run(sys.executable, "-c", examples("python", live_server)).splitlines()

    assert "412 version_mismatch" in said
    assert any(line.startswith(("delivered", "skipped")) for line in said)
    assert "completed" in said
    assert said[-2:] == ["image/jpeg", "BEGIN:VCALENDAR"]
    assert set(Lesson.objects.values_list("title", "status")) == {
        ("Algebra, again", Status.SCHEDULED),
        ("Geometry", Status.COMPLETED),
    }
    assert Photo.objects.count() == 1
