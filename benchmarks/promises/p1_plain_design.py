"""P1: transitions over HTTP, against the plain design; both with their workers at work on the same cores.

Of lessons of two people, and of groups: a change costs the plain design one task for each. Told is also how many
transitions a second each side can go on with, until everybody has heard of the last one.
"""

from collections.abc import Callable
from functools import partial

from benchmarks.measure import Figure, Row, by_turns, ratio
from benchmarks.rig import Rig
from benchmarks.sides import OURS, PLAIN, Side, side
from lessons.tests.trials import Scale

GROUP = 9  # students


def measure(rig: Rig, scale: Scale) -> list[Row]:
    with side(rig, OURS, worker=True) as ours, side(rig, PLAIN, worker=True) as plain:
        sides = {"ours": ours, "plain design": plain}
        pairs = _by_turns(sides, students=1, lessons=scale.of(60, 300), rounds=scale.of(2, 5))
        groups = _by_turns(sides, students=GROUP, lessons=scale.of(20, 100), rounds=scale.of(2, 3))
    return [
        _row("transitions/s over HTTP, lessons of two people", pairs, _as_answered, scale.of(0.5, 2.0)),
        _row("… until everybody is told", pairs, _as_told, scale.of(0.6, 2.0)),
        _row(f"transitions/s over HTTP, groups of {GROUP + 1}", groups, _as_answered, scale.of(1.0, 2.0)),
        _row("… until everybody is told", groups, _as_told, scale.of(1.0, 2.0)),
    ]


# Transitions; the seconds until all were answered, and from then until all are told.
Lived = tuple[int, float, float]


def _by_turns(sides: dict[str, Side], *, students: int, lessons: int, rounds: int) -> dict[str, list[Lived]]:
    def live(side: Side) -> Lived:
        load = side.live(lessons, students=students)
        return len(load.latencies), load.seconds, side.calm_down()

    return by_turns(rounds, {name: partial(live, side) for name, side in sides.items()})


def _as_answered(lived: Lived) -> float:
    transitions, seconds, _ = lived
    return transitions / seconds


def _as_told(lived: Lived) -> float:
    transitions, seconds, more = lived
    return transitions / (seconds + more)


def _row(measure: str, lived: dict[str, list[Lived]], rate: Callable[[Lived], float], threshold: float) -> Row:
    rates = {name: [rate(one) for one in rounds] for name, rounds in lived.items()}
    return Row(
        name="P1",
        measure=f"{measure}, against the plain design",
        ratio=ratio(rates["ours"], rates["plain design"]),
        threshold=threshold,
        at_least=True,
        sides={name: Figure(tuple(values), "transitions/s") for name, values in rates.items()},
    )
