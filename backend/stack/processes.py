"""What can be started, and what it is once it runs."""

import pwd
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from backend.stack.errors import StackError
from backend.stack.process_records import ProcessRecord

PROJECT_ROOT = Path(__file__).resolve().parents[2]
TAIL_LINES = 25


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to start.

    `user` names another account to run it as (only root can); the output of a `shown` command goes
    to the terminal instead of its log.
    """

    name: str
    arguments: tuple[str | Path, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_seconds: float = 2.0
    user: str | None = None
    shown: bool = False


@dataclass(frozen=True, kw_only=True)
class Process:
    """A started command, leading a session of its own."""

    record: ProcessRecord
    popen: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, command: Command, environment: Mapping[str, str], log: Path) -> "Process":
        """Starts the command in the project's root, its output in `log` unless it is shown."""
        with log.open("wb") as output:
            popen = subprocess.Popen(  # noqa: S603 - a command line of ours
                command.arguments,
                cwd=PROJECT_ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=None if command.shown else output,
                stderr=None if command.shown else subprocess.STDOUT,
                start_new_session=True,
                **as_user(command.user),
            )
        return cls(record=_record(command, popen.pid), popen=popen, log=log)

    def has_logged(self, text: str) -> bool:
        return text in self.log.read_text(errors="replace")

    def log_tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])

    def refuse_dead(self) -> None:
        """Raises StackError with the end of the log, if it has one, when the process has ended."""
        if (code := self.popen.poll()) is not None:
            tail = self.log_tail()
            last_words = f"; {self.log} ends so:\n{tail}" if tail else ""
            raise StackError(f"{self.record.name} ended with code {code}{last_words}")


def as_user(user: str | None) -> dict[str, Any]:
    """The keyword arguments with which subprocess changes to that account."""
    if user is None:
        return {}
    account = pwd.getpwnam(user)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _record(command: Command, pid: int) -> ProcessRecord:
    return ProcessRecord(
        name=command.name,
        pid=pid,
        started_at=psutil.Process(pid).create_time(),
        stop_signal=command.stop_signal,
        stop_within_seconds=command.stop_within_seconds,
    )
