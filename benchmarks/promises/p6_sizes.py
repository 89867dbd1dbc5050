"""P6: what a recipient costs, whether an event has a hundred, ten thousand or a hundred thousand of them."""

from collections.abc import Callable

import psutil

from backend.stack.processes import Process
from benchmarks.broadcasts import Ours
from benchmarks.measure import Figure, Row, by_turns
from benchmarks.rig import OURS, Rig
from benchmarks.sides import our_database
from lessons.tests.trials import Scale

MEGABYTE = 2**20
# Until each of the worker's four processes has claimed as much as is ever in flight: more than that no size needs.
WARM_UP, FULL_WINDOW = 8, 10_000


def measure(rig: Rig, scale: Scale) -> list[Row]:
    sizes, rounds = scale.of((100, 1000, 5000), (100, 10_000, 100_000)), scale.of(2, 3)
    largest = sizes[-1]
    with our_database(rig) as database, database.worker(OURS) as worker:
        us = Ours(database)
        for _ in range(scale.of(2, WARM_UP)):
            us.tell(events=1, size=min(FULL_WINDOW, largest))
        before = _memory(worker)
        told = by_turns(rounds, {f"{size:,}": _cost(us, size, largest) for size in sizes}, warm_up=False)
        growth = _memory(worker) - before
    dearest = Figure(tuple(max(costs) / min(costs) for costs in zip(*told.values(), strict=True)))
    return [
        Row(
            name="P6",
            measure=f"cost per recipient at {' : '.join(told)}, the dearest against the cheapest",
            ratio=dearest,
            threshold=scale.of(2.0, 1.3),
            at_least=False,
            sides={f"at {name}": Figure(tuple(costs), "µs") for name, costs in told.items()},
            notes=f"the worker's memory grew by {growth / MEGABYTE:.0f} MB",
        )
    ]


def _cost(us: Ours, size: int, total: int) -> Callable[[], float]:
    """Microseconds per recipient, with as many recipients in all for each size."""
    return lambda: us.tell(events=total // size, size=size) / total * 1_000_000


def _memory(worker: Process) -> int:
    """What the worker's processes have for themselves."""
    parent = psutil.Process(worker.popen.pid)
    return sum(process.memory_full_info().uss for process in (parent, *parent.children(recursive=True)))
