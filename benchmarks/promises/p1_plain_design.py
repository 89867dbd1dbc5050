"""P1: transitions over HTTP, against the plain design; both with their workers at work on the same cores."""

from lessons.tests.trials import Scale
from benchmarks.measure import Figure, Row, by_turns, ratio
from benchmarks.rig import Rig
from benchmarks.sides import OURS, PLAIN, Side, side


def measure(rig: Rig, scale: Scale) -> list[Row]:
    lessons, rounds = scale.of(100, 300), scale.of(3, 7)
    with side(rig, OURS, worker=True) as ours, side(rig, PLAIN, worker=True) as plain:
        told = by_turns(rounds, {"ours": lambda: _rate(ours, lessons), "plain": lambda: _rate(plain, lessons)})
    return [
        Row(
            name="P1",
            measure="transitions/s over HTTP, against the plain design",
            ratio=ratio(told["ours"], told["plain"]),
            threshold=scale.of(0.35, 2.0),
            at_least=True,
            sides={
                "ours": Figure(tuple(told["ours"]), "transitions/s"),
                "plain design": Figure(tuple(told["plain"]), "transitions/s"),
            },
        )
    ]


def _rate(side: Side, lessons: int) -> float:
    rate = side.live(lessons).per_second
    side.calm_down()
    return rate
