"""What a run adds to the counters when it is closed: outcomes, how long people waited, how long and large it was."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lessons.counters import COUNT, SUM, bound_name, count, histogram
from lessons.models.minute import WAIT_BOUNDS

RUN_BOUNDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300)  # seconds from launch to close
SIZE_BOUNDS = (1, 10, 100, 1000, 10_000)  # deliveries


class ClosedRun(NamedTuple):
    """A run that has just been closed, `seconds` after it was started.

    `waits`: pairs, a place among WAIT_BOUNDS and how many people waited so long; `waited`: the seconds of all of them.
    """

    channel: str
    state: str
    report: Mapping[str, Any]
    deliveries: int
    seconds: float
    waits: Sequence[Sequence[int]]
    waited: float


def measure(run: ClosedRun) -> None:
    """Count it."""
    channel, report = run.channel, run.report
    amounts: dict[str, float] = {
        f"attempts:{channel}:sent": report["sent"],
        f"attempts:{channel}:retried": report["failed"],
        f"attempts:{channel}:lost": report["lost"],
        f"attempts:{channel}:dead": report["dead"],
        f"runs:{channel}:{run.state}": 1,
        **histogram(f"run_seconds:{channel}", RUN_BOUNDS, [run.seconds]),
        **histogram(f"run_deliveries:{channel}", SIZE_BOUNDS, [run.deliveries]),
        f"delivered_seconds:{channel}:{SUM}": run.waited,
    }
    for place, number in run.waits:
        for key in (bound_name(WAIT_BOUNDS, place), COUNT):
            name = f"delivered_seconds:{channel}:{key}"
            amounts[name] = amounts.get(name, 0.0) + number
    count(amounts)
