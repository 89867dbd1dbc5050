"""The application with a clock that is wrong by so many seconds; what measures spans of time is right.

python -m lessons.tests.drills.clock SECONDS -m MODULE …
"""

import sys
from datetime import UTC, datetime, timedelta

import time_machine

from lessons.tests.drills.inside import run_changed


def set_clock(seconds: float) -> None:
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True).start()


if __name__ == "__main__":
    _, seconds, *program = sys.argv
    run_changed(lambda: set_clock(float(seconds)), program)
