"""F2: all workers are killed at once, every slot of theirs in the middle of a send."""

from lessons.tests.drills.clients import FULL_LIFE, Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

WORKERS, SLOTS = 2, 8
LIVES = (("create",), FULL_LIFE)  # of the first kind no message is made pointless by a later one
PATIENCE_SECONDS = 15  # on top of a lease


@drill("F2", latency_seconds=0.5)
def all_workers(stack: Stack, scale: Scale) -> Outcome:
    rounds, lives = scale.of((1, 6), (5, 20))
    stack.start_web()
    stack.start_beat()
    load = Load(stack)
    outcome = Outcome(what=f"all {WORKERS} workers killed with {SLOTS} sends in the air, {rounds} times")
    recovered = []
    for _ in range(rounds):
        lost, duplicates = stack.attempts("lost"), stack.traffic["duplicates"]
        load.run(LIVES * lives, within_seconds=120)  # before anybody works, so that every slot will be busy
        for _ in range(WORKERS):
            stack.launch_worker()
        stack.wait_until(lambda: stack.traffic["in_flight"] == SLOTS, within_seconds=60, what="every slot busy")
        stack.kill_all_workers()
        load.run(LIVES, within_seconds=60)  # the site goes on without them
        for _ in range(WORKERS):
            stack.launch_worker()
        recovered.append(stack.wait_until_told(within_seconds=stack.timing.lease + PATIENCE_SECONDS))
        outcome.expect(stack.attempts("lost") > lost, "no worker had anything in hand when it was killed")
        outcome.expect(stack.traffic["duplicates"] > duplicates, "nothing was on its way to the gateway")
        stack.kill_all_workers()
    outcome.answers, outcome.recovered_seconds = load.answers, max(recovered)
    return outcome
