"""F11: the provider is away for a while, declines some numbers for good, and one message kills whoever sends it."""

import time
from collections import defaultdict
from itertools import pairwise
from typing import Any

from lessons.tests.drills.clients import Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

QUICKEST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 32.0  # at time scale 1: 2 s × 0.5, and 2 s × 2⁴
LOSSES_TO_SEE = 2


@drill("F11")
def moods(stack: Stack, scale: Scale) -> Outcome:
    lives, outage_seconds = scale.of((10, 4), (60, 30))
    stack.start_web()
    stack.start_beat()
    load = Load(stack)
    unreachable, poisonous = load.students[0], load.students[1]
    stack.gateway.provider.faults.update({"fail_numbers": [_phone(stack, unreachable)]})
    antidote = stack.logs / "antidote"
    with stack.through("poison", str(antidote), _phone(stack, poisonous)):
        stack.start_worker()
    outcome = Outcome(what=f"503 for {outage_seconds} s, a number that nobody has, a message that kills its worker")

    stack.gateway.provider.faults.update({"error_rate": 1.0, "error_status": 503})
    load.start([("create", "schedule")] * lives, per_second=lives / outage_seconds)
    time.sleep(outage_seconds)
    tried = stack.attempts("transient")
    stack.gateway.provider.faults.update({"error_rate": 0.0})
    healed = time.monotonic()
    load.join(within_seconds=120)
    others = "SELECT count(*) FROM lessons_delivery WHERE state IN ('pending', 'leased') AND recipient_id <> %s"
    longest = stack.timing.circuit + LONGEST_BACKOFF_SECONDS * stack.timing.minute / 60 + stack.timing.retry_slack
    stack.wait_until(
        lambda: stack.value(others, poisonous) == 0,
        within_seconds=longest + 2 * stack.timing.lease + 15,
        what="the others told, whatever the poisonous one does",
    )
    outcome.recovered_seconds = time.monotonic() - healed
    stack.wait_until(
        lambda: stack.attempts("lost") >= LOSSES_TO_SEE,
        within_seconds=5 * stack.timing.lease,
        what="the poisonous message lost twice",
    )
    antidote.touch()
    stack.wait_until_told(within_seconds=3 * stack.timing.lease + 15)

    outcome.answers = load.answers
    outcome.expect(tried, "the outage struck nobody")
    _judge_dead(stack, unreachable, outcome)
    _judge_backoff(stack, outcome)
    _judge_poison(stack, poisonous, outcome)
    return outcome


def _judge_dead(stack: Stack, unreachable: int, outcome: Outcome) -> None:
    dead = stack.query("SELECT * FROM lessons_delivery WHERE state = 'dead'")
    outcome.may_die = frozenset(row.id for row in dead if row.recipient_id == unreachable)
    refused = stack.query(
        "SELECT d.id, count(*) FILTER (WHERE a.outcome = 'permanent') AS permanent FROM lessons_delivery d"
        " JOIN lessons_deliveryattempt a ON a.delivery_id = d.id WHERE d.state = 'dead' GROUP BY d.id"
    )
    outcome.expect(dead and len(refused) == len(dead), "nobody was declined")
    for row in refused:
        outcome.expect(row.permanent == 1, f"delivery {row.id} was declined for good {row.permanent} times")


def _judge_backoff(stack: Stack, outcome: Outcome) -> None:
    """Between two tries of one message lies at least the shortest backoff; an outage costs it no attempt."""
    tries: dict[int, list[Any]] = defaultdict(list)
    for attempt in stack.query("SELECT * FROM lessons_deliveryattempt ORDER BY delivery_id, number"):
        tries[attempt.delivery_id].append(attempt)
    scale = stack.timing.minute / 60
    for delivery, attempts in tries.items():
        for earlier, later in pairwise(attempts):
            if earlier.outcome == "transient":
                pause = (later.started_at - earlier.ended_at).total_seconds()
                outcome.expect(
                    pause >= QUICKEST_BACKOFF_SECONDS * scale * 0.9,
                    f"delivery {delivery} was tried again after {pause:.2f} s",
                )
    burnt = stack.query(
        "SELECT id FROM lessons_delivery d WHERE attempt_limit - 8 < (SELECT count(*) FROM lessons_deliveryattempt a"
        " WHERE a.delivery_id = d.id AND a.outcome = 'transient')"
    )
    outcome.expect(not burnt, f"the outage cost {len(burnt)} messages attempts of their own")


def _judge_poison(stack: Stack, poisonous: int, outcome: Outcome) -> None:
    """It takes none of its neighbours with it: after its first loss it travels alone."""
    lost = stack.query(
        "SELECT d.recipient_id, a.number FROM lessons_deliveryattempt a JOIN lessons_delivery d ON d.id = a.delivery_id"
        " WHERE a.outcome = 'lost'"
    )
    strangers = [row for row in lost if row.recipient_id != poisonous]
    outcome.expect(len(lost) >= LOSSES_TO_SEE, f"the poison killed {len(lost)} times")
    outcome.expect(not strangers, f"{len(strangers)} messages to others were lost with it")


def _phone(stack: Stack, person: int) -> str:
    return str(stack.value("SELECT phone FROM lessons_user WHERE id = %s", person))
