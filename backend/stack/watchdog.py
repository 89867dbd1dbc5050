"""Ends what the stack started when the stack itself was killed.

The death signal that Linux offers reaches children but not their children, is dropped where a
process changes its user, and exists nowhere else. A pipe works everywhere: only the stack holds the
writing end, so the watchdog sees it end.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from backend.stack.process_records import ProcessRecord, end
from backend.stack.processes import PROJECT_ROOT

# Nobody is left to wait for a graceful end, but PostgreSQL's clean shutdown is worth a moment.
GRACE_SECONDS = 1.5


def start(records: Path, throw_away: Sequence[Path], *, log: Path) -> subprocess.Popen[bytes]:
    """Starts the watchdog; closing its stdin, or our death, makes it act and end."""
    arguments = [sys.executable, "-m", "backend.stack.watchdog", str(records), *map(str, throw_away)]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - a command line of ours
            arguments,
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def main(records: Path, throw_away: Sequence[Path]) -> None:
    """Waits for the end of stdin, then ends every process on record and removes the throw-away paths."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Opened now: the next start in this directory replaces the file by its own.
    with records.open() as lines:
        sys.stdin.read()
        end([ProcessRecord.from_line(line) for line in lines], within_seconds=GRACE_SECONDS)
    for path in throw_away:
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
