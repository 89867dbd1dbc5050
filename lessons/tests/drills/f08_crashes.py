"""F8: a process dies at a certain point of its work, at each of them in turn."""

import time
from pathlib import Path

from backend.stack.processes import Process
from lessons.tests.drills.clients import Load
from lessons.tests.drills.crash import POINTS
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

LIVES = 6
KINDS = ("process", "group")
REPETITIONS = 2


@drill("F8")
def crashes(stack: Stack, scale: Scale) -> Outcome:
    """Quick: all points in one go, a child dies at each. Full: one by one, and with each child its parent, too."""
    alone = [([point], kind) for point in POINTS for kind in KINDS for _ in range(REPETITIONS)]
    strikes = scale.of([(list(POINTS), "process")], alone)
    times = sum(len(points) for points, _ in strikes) // len(POINTS)
    outcome = Outcome(what=f"killed at {len(POINTS)} points × {times}: {', '.join(POINTS)}", recovered_seconds=0.0)
    stack.start_beat()
    load: Load | None = None
    for number, (points, kind) in enumerate(strikes):
        marks = stack.logs / f"crash-{number}"
        marks.mkdir()
        with stack.through("crash", kind, str(marks), ",".join(points)):
            running = (stack.start_web(), stack.start_worker())
            load = load or Load(stack)
            seconds = _strike(stack, load, running, kind, points, marks)
        outcome.recovered_seconds = max(outcome.recovered_seconds or 0.0, seconds)
        outcome.expect(
            seconds <= _longest_rescue(stack), f"{kind} killed {', '.join(points)}: all told {seconds:.1f} s later"
        )
    outcome.answers = load.answers if load else []
    _expect_silence(stack, outcome, times)
    return outcome


def _longest_rescue(stack: Stack) -> float:
    """A launch that got lost and after it a lost send, each found by the next tick."""
    timing = stack.timing
    return timing.launch_lease + timing.tick + timing.lease + timing.tick


def _strike(
    stack: Stack, load: Load, running: tuple[Process, Process], kind: str, points: list[str], marks: Path
) -> float:
    """The seconds from the last crash, or from the return of what is gone, until everybody is told."""
    load.start([("create",)] * LIVES)
    stack.wait_until(lambda: len(list(marks.iterdir())) == len(points), within_seconds=60, what=f"killed {points}")
    if kind == "group":
        running = _replace_dead(stack, *running)
    struck = time.monotonic()
    load.join(within_seconds=60)
    stack.wait_until_told(within_seconds=4 * stack.timing.lease)
    seconds = time.monotonic() - struck
    for process in running:
        stack.kill(process)
    return seconds


def _replace_dead(stack: Stack, web: Process, worker: Process) -> tuple[Process, Process]:
    def is_gone(process: Process) -> bool:
        return process.popen.poll() is not None

    stack.wait_until(lambda: is_gone(web) or is_gone(worker), within_seconds=10, what="its end")
    if is_gone(web):
        stack.kill(web)
        return stack.start_web(), worker
    stack.kill(worker)
    return web, stack.start_worker()


def _expect_silence(stack: Stack, outcome: Outcome, times: int) -> None:
    """Of the clients without an answer, some changed nothing, and some did, and could not know."""
    unanswered = sum(answer.status is None for answer in outcome.answers)
    made = stack.value("SELECT count(*) FROM lessons_lesson")
    unknown = made - sum(answer.is_acknowledged for answer in outcome.answers)
    outcome.expect(unknown >= times, f"{unknown} changes were committed and not answered, of {times}")
    outcome.expect(unanswered - unknown >= times, f"{unanswered - unknown} changes died before they were committed")
