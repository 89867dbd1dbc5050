"""What a measurement is: two sides by turns, several rounds, the ratio of each round."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from benchmarks.rig import Rig
from lessons.tests.trials import Scale

Told = TypeVar("Told")  # figures of one round


@dataclass(frozen=True)
class Figure:
    """The median of what was measured in each round, and the rounds themselves."""

    rounds: tuple[float, ...]
    unit: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def low(self) -> float:
        return min(self.rounds)

    @property
    def high(self) -> float:
        return max(self.rounds)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A promise, and what became of it. `at_least`: more is better; otherwise the threshold is a limit."""

    name: str
    measure: str
    ratio: Figure
    threshold: float
    at_least: bool
    sides: Mapping[str, Figure] = field(default_factory=dict)
    notes: str = ""

    @property
    def passed(self) -> bool:
        value = self.ratio.median
        return value >= self.threshold if self.at_least else value <= self.threshold


Measurement = Callable[[Rig, Scale], list[Row]]


def by_turns(rounds: int, sides: Mapping[str, Callable[[], Told]], *, warm_up: bool = True) -> dict[str, list[Told]]:
    """Ask each side in turn, and turn the order round each time; what the first round says is thrown away."""
    told: dict[str, list[Told]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(-1 if warm_up else 0, rounds):
        for name in names if number % 2 else reversed(names):
            value = sides[name]()
            if number >= 0:
                told[name].append(value)
    return told


def ratio(above: list[float], below: list[float]) -> Figure:
    """Round by round: what slows the machine down for a while slows both."""
    return Figure(tuple(a / b for a, b in zip(above, below, strict=True)))
