"""F4, F5: the broker refuses, or takes connections and says nothing, for a minute; then it stammers for a while."""

import random
import time
from collections.abc import Callable

from lessons.tests.drills.clients import FULL_LIFE, Load
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.proxy import Proxy
from lessons.tests.trials import Scale

QUICKLY_SECONDS = 3.0
DRAINED_WITHIN_SECONDS = 30.0
LIFE_SECONDS = 1.5  # a life is begun so often: with its five changes over three a second
CUT_EVERY_SECONDS, CUT_WITHIN_BYTES = 0.4, 3000  # a published message has about 1,000
DELAY_SECONDS = 0.3

MISSED = ("The relay was not woken", "Requests are let through uncounted")  # whichever came first mutes the other

UNSETTLED = "SELECT count(*) FROM lessons_dispatch WHERE settled_at IS NULL"


@drill("F4", proxied=True, time_scale=(0.2, 0.2))
def refused(stack: Stack, scale: Scale) -> Outcome:
    return _broker_away(stack, scale, "refuses", Proxy.refuse, stammer=_cut, stammers="cuts connections")


@drill("F5", proxied=True, time_scale=(0.2, 0.2))
def black_holed(stack: Stack, scale: Scale) -> Outcome:
    return _broker_away(stack, scale, "says nothing", Proxy.black_hole, stammer=_delay, stammers="is slow")


def _broker_away(
    stack: Stack,
    scale: Scale,
    does: str,
    take_away: Callable[[Proxy], None],
    *,
    stammer: Callable[[Proxy, Load, Outcome], None],
    stammers: str,
) -> Outcome:
    lives, stammering_lives = scale.of((7, 3), (40, 12))
    outcome = Outcome(what="")
    processes = {"web": stack.start_web(), "worker": stack.start_worker(), "beat": stack.start_beat()}
    load = Load(stack)
    load.run([["create"]], within_seconds=30)
    stack.wait_until_told(within_seconds=DRAINED_WITHIN_SECONDS)

    take_away(stack.middleware.proxy)
    away, before = time.monotonic(), len(load.acknowledged)
    load.run([FULL_LIFE] * lives, per_second=1 / LIFE_SECONDS, within_seconds=lives * LIFE_SECONDS + 60)
    time.sleep(max(0.0, away + lives * LIFE_SECONDS - time.monotonic()))
    away = time.monotonic() - away
    changes, unsettled = len(load.acknowledged) - before, stack.value(UNSETTLED)
    stack.middleware.proxy.pass_on()
    outcome.recovered_seconds = stack.wait_until_told(within_seconds=DRAINED_WITHIN_SECONDS)
    outcome.expect(unsettled == changes, f"of {changes} changes {unsettled} waited: the broker was not away")
    missed = any(processes["web"].has_logged(line) for line in MISSED)
    outcome.expect(missed, "no request ever missed the broker")

    load.start([FULL_LIFE] * stammering_lives, per_second=1 / LIFE_SECONDS)
    stammer(stack.middleware.proxy, load, outcome)
    load.join(within_seconds=60)
    stack.middleware.proxy.pass_on()
    afterwards = stack.wait_until_told(within_seconds=DRAINED_WITHIN_SECONDS)

    slowest = max(answer.seconds for answer in load.answers)
    refused = [answer for answer in load.answers if not answer.is_acknowledged]
    outcome.expect(not refused, f"not every change succeeded: {refused[:3]}")
    outcome.expect(slowest < QUICKLY_SECONDS, f"the slowest change took {slowest:.2f} s")
    for name, process in processes.items():
        outcome.expect(process.popen.poll() is None, f"{name} ended: {process.log_tail()}")
    outcome.answers = load.answers
    outcome.what = (
        f"the broker {does} for {away:.0f} s during {changes} changes, the slowest {slowest:.2f} s; "
        f"then it {stammers}, told {afterwards:.1f} s later"
    )
    return outcome


def _cut(proxy: Proxy, load: Load, outcome: Outcome) -> None:
    """Everybody is hung up on in the middle of whatever is being said, again and again."""
    while load.is_running:
        proxy.cut_after(random.randint(1, CUT_WITHIN_BYTES))
        time.sleep(CUT_EVERY_SECONDS)
    outcome.expect(proxy.cuts > 1, f"{proxy.cuts} cuts struck")


def _delay(proxy: Proxy, load: Load, outcome: Outcome) -> None:
    proxy.delay(DELAY_SECONDS)
