"""Runs one drill and judges it by what it left."""

import traceback
from dataclasses import dataclass, field

from lessons.tests.cluster import Cluster
from lessons.tests.drills import invariants
from lessons.tests.drills.evidence import Evidence
from lessons.tests.drills.registry import Drill, Outcome
from lessons.tests.drills.stack import Overdue, Stack, stack
from lessons.tests.trials import Scale


@dataclass(kw_only=True)
class Verdict:
    """One line of the table."""

    name: str
    what: str
    transitions: int = 0
    sends: int = 0
    lost: int = 0
    doubled: int = 0
    recovered_seconds: float | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.problems


def run_drill(drill: Drill, scale: Scale, cluster: Cluster, *, mutation: str | None = None) -> Verdict:
    """`mutation`: with this safeguard of the application taken out, see `mutant`."""
    with stack(
        cluster,
        name=drill.name,
        time_scale=scale.of(*drill.time_scale),
        latency_seconds=drill.latency_seconds,
        proxied=drill.proxied,
        mutation=mutation,
    ) as stack_:
        try:
            outcome = drill.run(stack_, scale)
        except Overdue as error:
            outcome = Outcome(what="it did not end", problems=[str(error)])
        except Exception:  # whatever it is, the other drills are still to be run
            outcome = Outcome(what="it broke off", problems=traceback.format_exc().splitlines())
        return judge(drill.name, outcome, stack_)


def judge(name: str, outcome: Outcome, stack_: Stack) -> Verdict:
    evidence = Evidence(stack_)
    lost = invariants.lost(evidence, may_die=outcome.may_die, leaves_backlog=outcome.leaves_backlog)
    doubled = invariants.doubled(evidence)
    problems = [*outcome.problems, *invariants.broken(evidence, outcome.answers, leaves_backlog=outcome.leaves_backlog)]
    problems += [f"lost: {line}" for line in lost[: invariants.FEW]]
    problems += [f"doubled: {line}" for line in doubled[: invariants.FEW]]
    transitions = outcome.transitions
    return Verdict(
        name=name,
        what=outcome.what,
        transitions=sum(a.is_acknowledged for a in outcome.answers) if transitions is None else transitions,
        sends=sum(row.state == "sent" for row in evidence.deliveries),
        lost=len(lost),
        doubled=len(doubled),
        recovered_seconds=outcome.recovered_seconds,
        problems=problems,
    )
