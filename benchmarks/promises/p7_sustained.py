"""P7: deliveries of two-recipient lessons, all bookkeeping durable, against Celery's own tasks that do nothing."""

from benchmarks.broadcasts import ours, plain
from benchmarks.measure import Figure, Row, by_turns, ratio
from benchmarks.rig import Rig
from lessons.tests.trials import Scale

RECIPIENTS = 2


def measure(rig: Rig, scale: Scale) -> list[Row]:
    events, rounds = scale.of(500, 5000), scale.of(2, 5)
    with ours(rig) as us, plain(rig) as yardstick:
        told = by_turns(
            rounds,
            {
                "ours": lambda: events * RECIPIENTS / us.tell(events=events, size=RECIPIENTS),
                "no-op": lambda: events / yardstick.do_nothing(events),
            },
        )
    return [
        Row(
            name="P7",
            measure="deliveries/s of two-recipient lessons, against Celery's no-op tasks/s",
            ratio=ratio(told["ours"], told["no-op"]),
            threshold=scale.of(2.0, 2.5),
            at_least=True,
            sides={
                "ours": Figure(tuple(told["ours"]), "deliveries/s"),
                "no-op tasks": Figure(tuple(told["no-op"]), "tasks/s"),
            },
        )
    ]
