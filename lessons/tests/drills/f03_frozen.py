"""F3: a worker freezes with messages in the air, is given up, and comes to again: what it has to say comes too late."""

import os
import signal
import time
from typing import Any

import psutil

from backend.stack.processes import Process
from lessons.tests.drills.clients import Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

SLOTS = 4
LATENCY_OF_TIMEOUT = 0.6  # long enough to meet the second try in the air

TAKEN = "SELECT id FROM lessons_delivery WHERE state = 'leased' AND taken_at IS NOT NULL AND attempt_count = %s"
OUTCOMES = """
SELECT delivery_id, array_agg(outcome::text ORDER BY number) AS outcomes, count(DISTINCT run_id) AS runs
  FROM lessons_deliveryattempt WHERE delivery_id = ANY(%s) GROUP BY delivery_id
"""
ROWS = (
    "SELECT * FROM lessons_delivery ORDER BY id",
    "SELECT * FROM lessons_deliveryattempt ORDER BY id",
    "SELECT * FROM lessons_dispatch ORDER BY event_id",
    "SELECT * FROM lessons_chordrun ORDER BY id",
)


@drill("F3")
def frozen(stack: Stack, scale: Scale) -> Outcome:
    rounds, recovered = scale.of(1, 4), []
    stack.gateway.provider.faults.update({"latency_seconds": LATENCY_OF_TIMEOUT * stack.timing.provider_timeout})
    stack.start_web()
    stack.start_beat()
    load = Load(stack)
    outcome = Outcome(what=f"a worker frozen past its lease with {SLOTS} messages in the air, {rounds} times")
    for _ in range(rounds):
        load.run([("create",)] * SLOTS, within_seconds=60)
        recovered.append(_freeze_one(stack, outcome))
    outcome.answers, outcome.recovered_seconds = load.answers, max(recovered)
    return outcome


def _freeze_one(stack: Stack, outcome: Outcome) -> float:
    """Half of its children come to while their messages are being sent again, the others when all is over."""
    sleeper = stack.launch_worker()
    stack.wait_until(lambda: stack.traffic["in_flight"] == SLOTS, within_seconds=60, what="every slot busy")
    stack.freeze(sleeper)
    frozen_at, children = time.monotonic(), psutil.Process(sleeper.popen.pid).children()
    held = _taken(stack, attempt=1)
    rescuer = stack.start_worker()
    patience = 3 * stack.timing.lease
    # Some of them: leases that began a moment apart may be taken back a tick apart.
    stack.wait_until(lambda: _taken(stack, attempt=2), within_seconds=patience, what="sent again")
    _wake(stack, sleeper, children[: SLOTS // 2], late=SLOTS // 2, held=held)
    stack.wait_until_told(within_seconds=patience)
    recovered, before = time.monotonic() - frozen_at, _rows(stack)
    _wake(stack, sleeper, children[SLOTS // 2 :], late=SLOTS, held=held)
    stack.thaw(sleeper)
    time.sleep(2 * stack.timing.tick)
    outcome.expect(_rows(stack) == before, "what came too late changed the rows")
    outcome.expect(not sleeper.has_logged(" raised unexpected: "), "what came too late ran into what is recorded")
    _expect_one_loss_each(stack, outcome, held)
    for worker in (sleeper, rescuer):
        stack.kill(worker)
    return recovered


def _wake(stack: Stack, sleeper: Process, children: list[psutil.Process], *, late: int, held: list[int]) -> None:
    """Without their parent, who would kill them for the time that they overslept, before they can say a word."""
    for child in children:
        os.kill(child.pid, signal.SIGCONT)

    def spoken() -> bool:
        return sum(sleeper.has_logged(f"SMS delivery-{id_} for") for id_ in held) >= late

    stack.wait_until(spoken, within_seconds=30, what="the frozen ones have their late answers to record")


def _taken(stack: Stack, *, attempt: int) -> list[int]:
    return [row.id for row in stack.query(TAKEN, attempt)]


def _rows(stack: Stack) -> list[list[Any]]:
    return [stack.query(statement) for statement in ROWS]


def _expect_one_loss_each(stack: Stack, outcome: Outcome, held: list[int]) -> None:
    tries = {row.delivery_id: (row.outcomes, row.runs) for row in stack.query(OUTCOMES, held)}
    outcome.expect(len(held) == SLOTS, f"it had {len(held)} messages in the air")
    outcome.expect(
        tries == dict.fromkeys(held, (["lost", "sent"], 2)), f"not one lost and one successful try each: {tries}"
    )
