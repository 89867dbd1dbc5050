"""One batch: take → send → record. The only place where a delivery's state changes after a try.

Taken once, sent outside any transaction, recorded behind a fence: whoever lost the lease changes nothing.
"""

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from structlog.contextvars import bind_contextvars

from lessons.notifications import circuit
from lessons.notifications.channels import REGISTRY, Channel, SendError, Sent
from lessons.notifications.channels.base import about
from lessons.notifications.messages import Message
from lessons.notifications.record import Result, record
from lessons.notifications.retry import decide, task_backoff_seconds
from lessons.notifications.take import Taken, take
from lessons.wake import wake

logger = logging.getLogger(__name__)

SHOWN = 20  # of a wave's events, among what logs and Sentry know about it


class Try(NamedTuple):
    """One message handed to its channel; the times are seconds since its batch was taken."""

    taken: Taken
    outcome: Sent | SendError
    started: float
    ended: float


def deliver_batch(
    *, run_id: uuid.UUID | str, delivery_ids: Sequence[int], task_id: str | None, retries: int
) -> float | None:
    """Send what of the batch is still this run's to send; the seconds after which the task should retry, or None.

    `retries`: how often this task has been retried already.
    """
    batch = take(run_id, delivery_ids)
    if not batch:
        return None  # another copy of the message was faster, or the lease was taken back
    channel = REGISTRY[batch[0].channel]
    bind_contextvars(run=str(run_id), channel=channel.name, **_served(batch))
    tries = list(_send(channel, batch))
    is_outage = _judge_channel(channel, tries)
    retry_seconds = task_backoff_seconds(retries)
    results = [_result(a_try, is_outage, retry_seconds) for a_try in tries]
    untried = [Result.untried(taken.message.delivery_id, taken.attempt) for taken in batch[len(tries) :]]
    recorded = record(run_id=run_id, task_id=task_id, channel=channel.name, results=[*results, *untried])
    if recorded.has_more:
        wake()
    return retry_seconds if any(result.is_leased for result in results) else None


def _served(batch: Sequence[Taken]) -> dict[str, object]:
    """Whose messages travel in this wave: one event, or the numbers of the first few, and of their requests."""
    facts = {taken.message.event.id: taken.message.event for taken in batch[:SHOWN]}
    if len(facts) == 1:
        ((event, only),) = facts.items()
        return {"lesson": only.lesson_id, "event": event}
    requests = {event.request_id for event in facts.values() if event.request_id}
    return {"events": ",".join(map(str, facts)), "requests": ",".join(sorted(requests))}


def _send(channel: Channel, batch: Sequence[Taken]) -> Iterator[Try]:
    """Hand over one message after the other, until the time is up or the channel turns out to be down."""
    began = started = time.monotonic()
    deadline = began + settings.TIMING.batch
    by_id = {taken.message.delivery_id: taken for taken in batch}
    for message, outcome in _outcomes(channel, [taken.message for taken in batch]):
        ended = time.monotonic()
        yield Try(by_id[message.delivery_id], outcome, started - began, ended - began)
        if ended > deadline or (isinstance(outcome, SendError) and outcome.channel_down):
            return
        started = ended


def _outcomes(channel: Channel, messages: Sequence[Message]) -> Iterator[tuple[Message, Sent | SendError]]:
    """The channel's own, and for a message that breaks it a failure that costs its neighbours nothing."""
    done = 0
    while done < len(messages):
        try:
            for message, outcome in channel.send_all(messages[done:]):
                done += 1
                yield message, outcome
        except Exception as error:
            broken = messages[done]
            done += 1
            with about(broken):
                logger.exception("Delivery %s broke channel %s", broken.delivery_id, channel.name)
            yield broken, SendError(f"{type(error).__name__} in the channel")


def _judge_channel(channel: Channel, tries: Sequence[Try]) -> bool:
    """Whether the provider as a whole is away; keeps the channel's circuit."""
    failed: list[int] = []
    is_down = False
    for a_try in tries:
        if isinstance(a_try.outcome, Sent):
            failed.clear()
            is_down = False
        elif a_try.outcome.channel_down:
            is_down = True
        elif a_try.outcome.suspicious:
            failed.append(a_try.taken.message.recipient.id)
    if any(isinstance(a_try.outcome, Sent) for a_try in tries) and circuit.note_success(channel.name):
        logger.warning("Channel %s works again", channel.name)
        wake()
    is_down = (bool(failed) and circuit.note_failures(channel.name, failed)) or is_down
    if is_down:
        circuit.open_circuit(channel.name)
        logger.warning("Channel %s is down: its circuit is open", channel.name)
    return is_down


def _result(a_try: Try, is_outage: bool, retry_seconds: float | None) -> Result:
    taken, outcome = a_try.taken, a_try.outcome
    if isinstance(outcome, Sent):
        return Result.sent(taken.message.delivery_id, taken.attempt, outcome.provider_id, a_try.started, a_try.ended)
    counts_as_outage = is_outage and (outcome.channel_down or outcome.suspicious)
    decision = decide(
        outcome,
        attempt=taken.attempt,
        limit=taken.limit,
        age=timedelta(seconds=taken.age_seconds),
        is_outage=counts_as_outage,
        task_retry_seconds=retry_seconds,
    )
    return Result.failed(taken.message.delivery_id, taken.attempt, decision, str(outcome), a_try.started, a_try.ended)
