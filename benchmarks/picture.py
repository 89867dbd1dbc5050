"""The load picture: transitions at a steady rate for minutes, with the worker at work; what it looks like over time.

Latency counts from the moment at which a transition was due, not from when a client got round to it.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Thread, local

import matplotlib as mpl
import psutil

mpl.use("svg")

from matplotlib import pyplot as plt

from benchmarks.load import CLIENTS, Connection
from benchmarks.rig import OURS, Database, Rig
from benchmarks.sides import Side, side
from lessons.tests.trials import Scale

MEGABYTE = 2**20
SAMPLE_EVERY_SECONDS = 1.0
BUCKET_SECONDS = 5
TOLD = """
SELECT extract(epoch FROM e.created_at)::float8 AS at, extract(epoch FROM d.settled_at - e.created_at)::float8 AS took
  FROM lessons_dispatch d JOIN lessons_lessonevent e ON e.id = d.event_id
"""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass
class Picture:
    """Points of (seconds since the beginning, value)."""

    rate: float
    seconds: float
    latencies: list[tuple[float, float]] = field(default_factory=list)  # ms
    told: list[tuple[float, float]] = field(default_factory=list)  # ms
    memory: list[tuple[float, float]] = field(default_factory=list)  # MB
    connections: list[tuple[float, float]] = field(default_factory=list)

    def __str__(self) -> str:
        latency, told = ([value for _, value in points] for points in (self.latencies, self.told))
        memory = [value for _, value in self.memory]
        return (
            f"{self.rate:g} transitions/s for {self.seconds:g} s. Latency: {_spread(latency)}. "
            f"From commit to everybody told: {_spread(told)}. Memory of site, worker and database: "
            f"{memory[len(memory) // 10]:.0f} MB at the beginning, {memory[-1]:.0f} MB at the end; "
            f"at most {max(value for _, value in self.connections):.0f} connections."
        )


def take(rig: Rig, scale: Scale) -> Picture:
    picture = Picture(rate=scale.of(20, 60), seconds=scale.of(10, 180))
    with side(rig, OURS, worker=True) as ours:
        ours.live(20)  # imports, connections
        ours.calm_down()
        began_at = time.time()
        with _watching(picture, ours.database):
            _drive(picture, ours)
            ours.calm_down()
        rows = ours.database.query(TOLD + "WHERE e.created_at > to_timestamp(%(began)s)", began=began_at)
        picture.told = [(row.at - began_at, 1000 * row.took) for row in rows]
    return picture


def _drive(picture: Picture, ours: Side) -> None:
    requests = ours.requests(int(picture.rate * picture.seconds / 3))
    own, numbers, began = local(), count(), time.perf_counter()

    def client() -> None:
        own.connection = Connection(ours.port)
        while (number := next(numbers)) < len(requests):
            due = began + number / picture.rate
            time.sleep(max(0.0, due - time.perf_counter()))
            own.connection.send(requests[number])
            picture.latencies.append((due - began, 1000 * (time.perf_counter() - due)))

    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(client) for _ in range(CLIENTS)]:
            done.result()


class _watching:  # noqa: N801 - reads as a function
    """Samples memory and connections meanwhile."""

    def __init__(self, picture: Picture, database: Database) -> None:
        self._picture, self._database, self._over = picture, database, Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        began, own = time.perf_counter(), Database(self._database.rig, self._database.name)
        while not self._over.wait(SAMPLE_EVERY_SECONDS):
            at = time.perf_counter() - began
            self._picture.memory.append((at, _memory() / MEGABYTE))
            self._picture.connections.append((at, own.value(CONNECTIONS)))
        own.close()


def _memory() -> int:
    """Of all that this bench has started: each process's own share."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def draw(picture: Picture, path: Path) -> None:
    figure, (latency, told, memory, connections) = plt.subplots(4, 1, sharex=True, figsize=(9, 9))
    for axes, points, title in (
        (latency, picture.latencies, "latency of a transition, ms"),
        (told, picture.told, "commit to everybody told, ms"),
    ):
        for share, color in ((0.5, "#2a6f97"), (0.95, "#e09f3e"), (0.99, "#9e2a2b")):
            axes.plot(
                *_over_time(points, partial(_share, share=share)),
                color=color,
                label=f"p{share * 100:g}",
            )
        axes.set_title(title, loc="left", fontsize=10)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=8, ncols=3, frameon=False)
    for axes, points, title in (
        (memory, picture.memory, "memory of site, worker and database, MB"),
        (connections, picture.connections, "database connections"),
    ):
        axes.plot([at for at, _ in points], [value for _, value in points], color="#2a6f97")
        axes.set_title(title, loc="left", fontsize=10)
    for axes in figure.axes:
        axes.set_ylim(0, 1.1 * axes.dataLim.ymax)
        axes.grid(alpha=0.3)
    connections.set_xlabel(f"seconds, at {picture.rate:g} transitions/s")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _over_time(
    points: list[tuple[float, float]], summary: Callable[[list[float]], float]
) -> tuple[list[float], list[float]]:
    buckets: dict[int, list[float]] = {}
    for at, value in points:
        buckets.setdefault(int(at // BUCKET_SECONDS), []).append(value)
    return [(n + 0.5) * BUCKET_SECONDS for n in sorted(buckets)], [summary(buckets[n]) for n in sorted(buckets)]


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _spread(values: list[float]) -> str:
    return ", ".join(f"p{share * 100:g} {_share(values, share):.0f} ms" for share in (0.5, 0.95, 0.99))
