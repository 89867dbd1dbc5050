"""A stack started by its own command, as a person would, in a directory of the test's."""

import os
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from backend.stack.process_records import is_alive
from backend.stack.processes import PROJECT_ROOT
from lessons.tests.waiting import PATIENCE_SECONDS, wait_until


def run_stack(command: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command that ends by itself."""
    popen = _start(command, directory, environment)
    output, _ = popen.communicate(timeout=PATIENCE_SECONDS)
    return subprocess.CompletedProcess(popen.args, popen.returncode, output)


class RunningServices:
    """`services`, up, with everything it started."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.popen = _start("services", directory, {})
        wait_until((directory / "services.env").exists)
        self.family = psutil.Process(self.popen.pid).children(recursive=True)

    @property
    def settings(self) -> dict[str, str]:
        lines = (self.directory / "services.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def survivors(self) -> list[psutil.Process]:
        return [process for process in self.family if is_alive(process)]

    def stop(self) -> int:
        """Stops it as Ctrl-C would; returns the exit code."""
        self.popen.terminate()
        return self.popen.wait(PATIENCE_SECONDS)

    def kill_watchdog(self) -> None:
        [watchdog] = [process for process in self.family if "backend.stack.watchdog" in _command_line(process)]
        watchdog.kill()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(PATIENCE_SECONDS)


def _command_line(process: psutil.Process) -> list[str]:
    """Empty for one that has ended: a family has members that live for a moment only."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _start(command: str, directory: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "backend.stack", command],
        cwd=PROJECT_ROOT,
        env={**os.environ, "ENVIRONMENT": "development", "DEMO_DIR": str(directory), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
