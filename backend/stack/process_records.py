"""Which processes are ours, written down so that somebody else can end them when we are gone."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import psutil

# The start time of a process wanders a little when the clock is corrected.
SAME_START_SECONDS = 2.0
KILLED_WITHIN_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """One process that leads a session of its own, and what its end should be like."""

    name: str
    pid: int
    started_at: float
    stop_signal: int
    stop_within_seconds: float

    @classmethod
    def from_line(cls, line: str) -> "ProcessRecord":
        return cls(**json.loads(line))

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    def members(self) -> list[psutil.Process]:
        """The process, its descendants and whatever it left in its session; none if the pid went to a stranger."""
        leader = _find(self.pid)
        if leader and abs(leader.create_time() - self.started_at) > SAME_START_SECONDS:
            return []
        family = {process for pid in _session(self.pid) if (process := _find(pid))}
        # PostgreSQL's backends open sessions of their own.
        return list(family | set(_descendants(leader)))

    def ask_to_stop(self) -> None:
        """Sends the stop signal to the leader alone: it knows how to end its children."""
        if self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, self.stop_signal)


def end(records: Sequence[ProcessRecord], *, within_seconds: float) -> None:
    """Asks all to stop, last started first, and kills what is left of them after `within_seconds`."""
    members = [member for record in records for member in record.members()]
    for record in reversed(records):
        record.ask_to_stop()
    _wait_until_gone(members, within_seconds)
    # Asked again: a process may have forked since.
    leftovers = [*members, *(member for record in records for member in record.members())]
    for member in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGKILL)
    _wait_until_gone(leftovers, KILLED_WITHIN_SECONDS)


def is_alive(process: psutil.Process) -> bool:
    """A zombie is dead: it only waits to be counted."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _wait_until_gone(processes: Iterable[psutil.Process], within_seconds: float) -> None:
    deadline = time.monotonic() + within_seconds
    while any(is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.02)


def _find(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _descendants(leader: psutil.Process | None) -> list[psutil.Process]:
    try:
        return [leader, *leader.children(recursive=True)] if leader else []
    except psutil.NoSuchProcess:
        return []


def _session(leader_pid: int) -> list[int]:
    return [pid for pid in psutil.pids() if _session_of(pid) == leader_pid]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # gone, or none of our business
        return None
