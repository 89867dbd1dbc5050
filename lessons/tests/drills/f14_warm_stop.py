"""F14: a worker is asked to end with a hundred sends under way and waiting, as by a new release."""

from backend.stack.processes import Process
from lessons.tests.drills.clients import Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

LESSONS, SENDS, SLOTS = 25, 100, 4  # each lesson tells two people over two channels
EXIT_WITHIN_SECONDS = 30
SMS_OF_TIMEOUT, MAIL_OF_TIMEOUT = 0.4, 0.3  # a batch of e-mails takes much longer than a worker may

UNFINISHED = "SELECT count(*) FROM lessons_delivery WHERE state IN ('pending', 'leased')"
BATCHES = """
SELECT channel, count(DISTINCT (run_id, batch)) AS number FROM lessons_delivery
 WHERE state = 'leased' AND taken_at IS NOT NULL GROUP BY channel
"""


@drill("F14", time_scale=(0.2, 1.0))
def warm_stop(stack: Stack, scale: Scale) -> Outcome:
    timeout = stack.timing.provider_timeout
    latencies = {"latency_seconds": SMS_OF_TIMEOUT * timeout, "mail_latency_seconds": MAIL_OF_TIMEOUT * timeout}
    stack.gateway.provider.faults.update(latencies)
    stack.settings["NOTIFICATION_CHANNELS"] = "sms,email"
    stack.start_web()
    stack.start_beat()
    load = Load(stack)
    load.run([("create",)] * LESSONS, within_seconds=60)  # before anybody works
    leaving = stack.launch_worker()
    stack.wait_until(lambda: sum(_at_hand(stack).values()) == SLOTS, within_seconds=60, what="every slot busy")
    staying = stack.start_worker()
    at_hand, unfinished, said = _at_hand(stack), stack.value(UNFINISHED), _accepted(leaving)
    seconds = stack.terminate(leaving)
    outcome = Outcome(what=f"SIGTERM with {SENDS} sends under way and waiting: gone in {seconds:.1f} s")
    outcome.expect(seconds <= EXIT_WITHIN_SECONDS, f"it took {seconds:.1f} s to end")
    outcome.expect(at_hand.get("email"), f"it had no batch of e-mails at hand: {at_hand}")
    outcome.expect(unfinished > SENDS * 3 // 4, f"only {unfinished} sends were under way or waiting")
    outcome.expect(_accepted(leaving) > said, "it had nothing at hand that it could finish")
    outcome.recovered_seconds = stack.wait_until_told(within_seconds=SENDS * timeout)
    outcome.answers = load.answers
    outcome.expect(stack.attempts("lost") == 0, f"{stack.attempts('lost')} sends were neither finished nor handed back")
    outcome.expect(_accepted(staying), "nobody was left to do the rest")
    return outcome


def _at_hand(stack: Stack) -> dict[str, int]:
    """How many batches of each channel are being sent."""
    return {row.channel: row.number for row in stack.query(BATCHES)}


def _accepted(worker: Process) -> int:
    return worker.log.read_text().count(" accepted")
