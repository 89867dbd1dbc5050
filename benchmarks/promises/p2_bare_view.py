"""P2: transitions over HTTP, against a bare view that does the same SQL by cursor; no worker runs."""

from benchmarks.measure import Figure, Row, by_turns, ratio
from benchmarks.rig import Rig
from benchmarks.sides import BARE, OURS, side
from lessons.tests.trials import Scale


def measure(rig: Rig, scale: Scale) -> list[Row]:
    lessons, rounds = scale.of(100, 300), scale.of(3, 7)
    with side(rig, OURS, worker=False) as ours, side(rig, BARE, worker=False) as bare:
        told = by_turns(
            rounds, {"ours": lambda: ours.live(lessons).per_second, "bare": lambda: bare.live(lessons).per_second}
        )
    return [
        Row(
            name="P2",
            measure="transitions/s over HTTP, against a bare view with the same SQL",
            ratio=ratio(told["ours"], told["bare"]),
            threshold=scale.of(0.25, 0.5),
            at_least=True,
            sides={
                "ours": Figure(tuple(told["ours"]), "transitions/s"),
                "bare view": Figure(tuple(told["bare"]), "transitions/s"),
            },
        )
    ]
