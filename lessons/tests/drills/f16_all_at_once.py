"""F16: two relays beside beat, dead letters redelivered and old ones pruned: all at once."""

import time

from lessons.tests.drills.clients import FULL_LIFE, Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

OLD_DAYS = 1000

# As after a restore of what was there before it was expanded.
EXPAND_AGAIN = """
UPDATE lessons_dispatch SET expanded_at = NULL, settled_at = NULL WHERE pruned_at IS NULL RETURNING event_id
"""
GROW_OLD = """
UPDATE lessons_dispatch
   SET created_at = created_at - %s * interval '1 day', settled_at = settled_at - %s * interval '1 day'
"""
REDELIVERED = "SELECT count(*) FROM lessons_redelivery"
DEAD = "SELECT count(*) FROM lessons_delivery WHERE state = 'dead'"


@drill("F16")
def all_at_once(stack: Stack, scale: Scale) -> Outcome:
    old, new = scale.of((6, 30), (40, 200))
    stack.start_web()
    stack.start_beat()
    for _ in range(2):
        stack.start_worker()
    load = Load(stack)
    load.run([FULL_LIFE] * old, within_seconds=120)
    stack.wait_until_told(within_seconds=60)
    stack.query(GROW_OLD, OLD_DAYS, OLD_DAYS)

    moody = stack.value("SELECT phone FROM lessons_user WHERE id = %s", load.students[0])
    stack.gateway.provider.faults.update({"fail_numbers": [moody]})
    relays = [stack.start_relay() for _ in range(2)]
    stack.start("-m", "lessons.tests.drills.busy_staff")
    # The first student, whose number is nobody's, is told of the first: nothing that comes later makes it needless.
    load.run([("create", "schedule"), *[("create", "schedule", "reschedule", "cancel")] * new], within_seconds=180)
    stack.wait_until(lambda: stack.value(REDELIVERED), within_seconds=60, what="a dead letter redelivered")
    stack.gateway.provider.faults.update({"fail_numbers": []})
    ended = time.monotonic()
    stack.wait_until(lambda: stack.value(DEAD) == 0, within_seconds=60, what="every dead letter redelivered")
    stack.wait_until_told(within_seconds=60)
    recovered = time.monotonic() - ended
    again = stack.query(EXPAND_AGAIN)
    stack.wait_until_told(within_seconds=60)

    outcome = Outcome(
        what="two relays beside beat, redelivery and pruning; at last everything is expanded again",
        answers=load.answers,
        recovered_seconds=recovered,
    )
    pruned = stack.value("SELECT count(*) FROM lessons_dispatch WHERE pruned_at IS NOT NULL")
    outcome.expect(again, "nothing was expanded a second time")
    outcome.expect(pruned, "nothing was pruned")
    for relay in relays:
        outcome.expect(relay.popen.poll() is None, f"{relay.record.name} ended: {relay.log_tail()}")
    return outcome
