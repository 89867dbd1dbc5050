"""Starts processes, watches them, and ends them in reverse order."""

import fcntl
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from backend.stack import watchdog
from backend.stack.errors import StackError
from backend.stack.process_records import ProcessRecord, end
from backend.stack.processes import Command, Process

LOOK_EVERY_SECONDS = 0.03
LEFTOVERS_END_WITHIN_SECONDS = 5.0


class Supervisor:
    """A context: leaving it ends every process started in it; being killed leaves that to the watchdog.

    `throw_away` names paths to remove afterwards, whichever way the end comes. StackError if another
    supervisor is at work in the directory.
    """

    def __init__(self, directory: Path, *, throw_away: Iterable[Path] = ()) -> None:
        self.directory = directory
        self.logs = directory / "logs"
        self._records = directory / "processes.jsonl"
        self._throw_away = tuple(throw_away)
        self._processes: list[Process] = []

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        self._end_leftovers()
        self._records.touch()
        self._watchdog = watchdog.start(self._records, self._throw_away, log=self.logs / "watchdog.log")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._processes:
            self.stop(self._processes[-1])
        # The watchdog finds nothing left to end, and removes the throw-away paths.
        self._watchdog.communicate()
        self._records.unlink(missing_ok=True)
        self._lock.close()

    def start(self, command: Command, environment: Mapping[str, str]) -> Process:
        """Starts the command, with its output in logs/NAME.log."""
        process = Process.start(command, environment, self.logs / f"{command.name}.log")
        self._processes.append(process)
        with self._records.open("a") as records:
            records.write(process.record.to_line())
        return process

    def named(self, name: str) -> Process:
        """The running process of that name, the latest of several."""
        return next(process for process in reversed(self._processes) if process.record.name == name)

    def stop(self, process: Process) -> None:
        """Ends the process and its descendants: asked first, killed when its time is over."""
        end([process.record], within_seconds=process.record.stop_within_seconds)
        process.popen.wait()
        self._processes.remove(process)

    def run(self, command: Command, environment: Mapping[str, str]) -> Process:
        """Starts the command and waits for its end, whatever its exit code."""
        process = self.start(command, environment)
        while process.popen.poll() is None:
            self.refuse_dead(except_for=process)
            time.sleep(LOOK_EVERY_SECONDS)
        self.stop(process)  # what it left behind
        return process

    def wait_until(self, probe: Callable[[], bool], process: Process, *, within_seconds: float) -> None:
        """Returns when the probe answers true; StackError if a process dies first or time runs out."""
        deadline = time.monotonic() + within_seconds
        while not probe():
            self.refuse_dead()
            if time.monotonic() > deadline:
                raise StackError(
                    f"{process.record.name} does not answer after {within_seconds:.0f} s; see {process.log}"
                )
            time.sleep(LOOK_EVERY_SECONDS)

    def refuse_dead(self, *, except_for: Process | None = None) -> None:
        """Raises StackError if one of the processes has ended by itself."""
        for process in self._processes:
            if process is not except_for:
                process.refuse_dead()

    def _take_lock(self) -> TextIO:
        """The system gives the lock back when we end, in whatever way."""
        lock = (self.directory / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StackError(
                f"a stack is running in {self.directory}: stop it, or set DEMO_DIR to another directory"
            ) from None
        return lock

    def _end_leftovers(self) -> None:
        """Ends what a killed predecessor left where its watchdog was killed too."""
        if self._records.exists():
            lines = self._records.read_text().splitlines()
            records = [ProcessRecord.from_line(line) for line in lines]
            end(records, within_seconds=LEFTOVERS_END_WITHIN_SECONDS)
            self._records.unlink()
