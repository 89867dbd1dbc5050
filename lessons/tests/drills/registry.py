"""What a drill is, and the list of them all."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lessons.tests.drills.clients import Answer
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale


@dataclass(kw_only=True)
class Outcome:
    """What a drill did, and what it found beside that which holds for all of them."""

    what: str
    answers: list[Answer] = field(default_factory=list)
    transitions: int | None = None  # where they are not the clients' answers
    recovered_seconds: float | None = None
    problems: list[str] = field(default_factory=list)
    may_die: frozenset[int] = frozenset()  # the deliveries that no provider takes
    leaves_backlog: bool = False

    def expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.problems.append(otherwise)


@dataclass(frozen=True, kw_only=True)
class Drill:
    name: str
    run: Callable[[Stack, Scale], Outcome]
    proxied: bool  # the broker is reached by way of `stack.middleware.proxy`
    time_scale: tuple[float, float]  # quick, full
    latency_seconds: float  # of the SMS gateway


DRILLS: dict[str, Drill] = {}


def drill(
    name: str,
    *,
    proxied: bool = False,
    time_scale: tuple[float, float] = (0.1, 0.2),
    latency_seconds: float = 0.05,
) -> Callable[[Callable[[Stack, Scale], Outcome]], Callable[[Stack, Scale], Outcome]]:
    """Puts the function on the list. What silences the broker needs a time scale of 0.2 or more: Redis' own time-outs
    are not scaled, and would outlast the tasks' hard limit."""

    def register(run: Callable[[Stack, Scale], Outcome]) -> Callable[[Stack, Scale], Outcome]:
        DRILLS[name] = Drill(
            name=name, run=run, proxied=proxied, time_scale=time_scale, latency_seconds=latency_seconds
        )
        return run

    return register
