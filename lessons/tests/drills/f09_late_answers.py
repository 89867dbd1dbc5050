"""F9: the SMS gateway takes the messages and answers too late: they are handed in again, under the same keys."""

import time

from lessons.tests.drills.clients import Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

JUST_TOO_LATE = 1.05  # provider time-outs


@drill("F9")
def late_answers(stack: Stack, scale: Scale) -> Outcome:
    rounds, lives, recovered = scale.of(1, 5), scale.of(6, 12), []
    late = {"latency_seconds": JUST_TOO_LATE * stack.timing.provider_timeout}
    stack.start_web()
    stack.start_beat()
    stack.start_worker()
    load = Load(stack)
    outcome = Outcome(what=f"no answer to what was taken, then one just too late, {rounds} times")
    for _ in range(rounds):
        for fault in ({"accept_then_time_out": True}, late):
            _until_handed_in_again(stack, load, lives, fault)
        stack.gateway.provider.faults.reset()
        recovered.append(stack.wait_until_told(within_seconds=4 * stack.timing.minute))
    outcome.answers, outcome.recovered_seconds = load.answers, max(recovered)
    _expect_one_effect(stack, outcome)
    return outcome


def _until_handed_in_again(stack: Stack, load: Load, lives: int, fault: dict[str, float | bool]) -> None:
    """Until some messages that were sent under the fault have been sent again under it, and given up again."""
    stack.gateway.provider.faults.reset()
    stack.gateway.provider.faults.update(fault)
    duplicates = stack.traffic["duplicates"]
    load.run([("create",)] * lives, within_seconds=60)
    stack.wait_until(
        lambda: stack.traffic["duplicates"] > duplicates, within_seconds=30, what="a message handed in again"
    )
    time.sleep(stack.timing.provider_timeout)


def _expect_one_effect(stack: Stack, outcome: Outcome) -> None:
    traffic, sent = stack.traffic, stack.value("SELECT count(*) FROM lessons_delivery WHERE state = 'sent'")
    outcome.what += f": {traffic['raw']} sends, {traffic['effective']} effective"
    outcome.expect(traffic["effective"] == sent, f"{traffic['effective']} effective sends of {sent} messages")
    outcome.expect(stack.attempts("transient") >= traffic["duplicates"] > 0, f"nobody lost patience: {traffic}")
