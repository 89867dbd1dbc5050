"""Ending processes that would rather not."""

import os
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from backend.stack.errors import StackError
from backend.stack.process_records import ProcessRecord, is_alive
from backend.stack.processes import Command
from backend.stack.supervisor import Supervisor
from lessons.tests.waiting import wait_until

# A parent with a child; both ignore SIGTERM, and say when.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
print("ready", flush=True)
time.sleep(600)
"""


def python(name: str, source: str) -> Command:
    return Command(name=name, arguments=(sys.executable, "-c", source), stop_within_seconds=0.2)


def test_a_process_that_ignores_its_stop_signal_is_killed_with_its_children(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        stubborn = supervisor.start(python("stubborn", STUBBORN), os.environ)
        wait_until(lambda: stubborn.log.read_text().count("ready") == 2)
        members = stubborn.record.members()

    assert len(members) == 2
    assert not any(is_alive(member) for member in members)


def test_children_of_a_process_that_died_are_ended_too(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        stubborn = supervisor.start(python("stubborn", STUBBORN), os.environ)
        wait_until(lambda: stubborn.log.read_text().count("ready") == 2)
        members = stubborn.record.members()
        stubborn.popen.kill()
        stubborn.popen.wait()

    assert not any(is_alive(member) for member in members)


def test_the_last_words_of_a_process_that_ended_by_itself_are_told(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        dying = supervisor.start(python("dying", "raise SystemExit('out of chalk')"), os.environ)
        dying.popen.wait()
        with pytest.raises(StackError, match=r"(?s)dying ended with code 1.*out of chalk"):
            supervisor.refuse_dead()


def test_a_pid_that_went_to_a_stranger_is_left_alone() -> None:
    stranger = psutil.Process()
    record = ProcessRecord(
        name="gone",
        pid=stranger.pid,
        started_at=stranger.create_time() - time.monotonic(),
        stop_signal=15,
        stop_within_seconds=0,
    )

    assert record.members() == []
