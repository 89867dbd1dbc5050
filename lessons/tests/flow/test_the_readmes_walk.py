"""The README's walk through the API works as it is written."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons.models import Lesson, Status
from lessons.tests.flow.progress import everything_arrived_once

pytestmark = pytest.mark.django_db(transaction=True)

README = Path(__file__).resolve().parents[3] / "README.md"


def the_walk() -> str:
    (walk,) = (block for block in re.findall(r"```bash\n(.*?)```", README.read_text(), re.DOTALL) if "curl" in block)
    return str(walk)


def test_a_newcomer_copies_the_walk_into_a_shell(live_server: LiveServer, worker: Process, gateway: Gateway) -> None:
    call_command("seed_data", "--lessons", "0")
    script = the_walk().replace("http://127.0.0.1:8000", live_server.url)

    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert re.findall(r"^(\w+): dispatch \d+$", done.stdout, re.MULTILINE) == ["schedule", "start", "complete"]
    assert '"state":"delivered"' in done.stderr
    lesson = Lesson.objects.get()
    assert (lesson.title, lesson.status) == ("Algebra", Status.COMPLETED)
    assert everything_arrived_once(gateway)
