"""The table of retries: what is tried again, when, and when it is given up. Pure: no clock, no database.

| what happened                 | first                                  | then                                        |
|-------------------------------|----------------------------------------|---------------------------------------------|
| the channel as a whole is down| Celery's retry, 2 4 8 16 32 s + jitter | the long schedule; costs no attempt for 72 h|
| one message failed for now    | the long schedule                      | dead after the last allowed attempt         |
| one message failed for good   | dead                                   |                                             |
| its worker was lost           | at once, alone                         | dead after the last allowed attempt         |
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from lessons.models import AttemptOutcome, DeliveryState
from lessons.notifications.channels import SendError

ATTEMPT_LIMIT = 8
LONG_SCHEDULE_MINUTES = (1, 5, 15, 60, 180, 360, 720)
OUTAGE_GRACE = timedelta(hours=72)  # a message older than this pays for an outage with its attempts
TASK_RETRIES = 5
TASK_BACKOFF_SECONDS = 2.0


@dataclass(frozen=True)
class Decision:
    """What becomes of a delivery after a try. `delay_seconds` counts from now, by the database's clock."""

    state: DeliveryState
    outcome: AttemptOutcome
    delay_seconds: float = 0.0
    extra_attempts: int = 0


def decide(
    error: SendError, *, attempt: int, limit: int, age: timedelta, is_outage: bool, task_retry_seconds: float | None
) -> Decision:
    """After a failed try, the `attempt`-th of `limit`, of a message that is `age` old.

    `task_retry_seconds`: the countdown of the Celery task's next retry, None where it has none left.
    """
    if error.permanent:
        return Decision(DeliveryState.DEAD, AttemptOutcome.PERMANENT)
    extra = int(is_outage and age < OUTAGE_GRACE)
    if attempt >= limit + extra:
        return Decision(DeliveryState.DEAD, AttemptOutcome.TRANSIENT)
    if is_outage and task_retry_seconds is not None:
        return Decision(DeliveryState.LEASED, AttemptOutcome.TRANSIENT, task_retry_seconds, extra)
    delay = max(long_delay_seconds(attempts_left=limit + extra - attempt), error.retry_after or 0.0)
    return Decision(DeliveryState.PENDING, AttemptOutcome.TRANSIENT, delay, extra)


def long_delay_seconds(*, attempts_left: int) -> float:
    """The pause before the next try: one step further with each attempt used of the allowance, ± 20 %."""
    used = max(1, ATTEMPT_LIMIT - attempts_left)
    minutes = LONG_SCHEDULE_MINUTES[min(used, len(LONG_SCHEDULE_MINUTES)) - 1]
    return minutes * settings.TIMING.minute * random.uniform(0.8, 1.2)  # noqa: S311 - jitter


def task_backoff_seconds(retries: int) -> float | None:
    """The countdown before a header task's next retry: exponential, with jitter, never zero; None when spent.

    Not shorter than the broker can keep it: on a scaled clock it would be.
    """
    if retries >= TASK_RETRIES:
        return None
    seconds = TASK_BACKOFF_SECONDS * 2**retries * random.uniform(0.5, 1.0) * settings.TIME_SCALE  # noqa: S311 - jitter
    return float(max(seconds, settings.SHORTEST_COUNTDOWN_SECONDS))
