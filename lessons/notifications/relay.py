"""The relay: first sends, retries, redeliveries and rescues are all the same thing, deliveries that are due.

Woken by commits, called by beat, or run by `manage.py relay`. Running it twice at once is harmless.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lessons import heartbeat
from lessons.notifications.channels import Channel, enabled_channels
from lessons.notifications.claim import claim
from lessons.notifications.due import look_for_work
from lessons.notifications.expand import DISPATCHES_AT_ONCE, expand
from lessons.notifications.launch import launch
from lessons.notifications.reap import reap
from lessons.wake import forget_wake, wake


@dataclass
class Pass:
    """What one pass of the relay did."""

    reaped: int = 0
    expanded: int = 0
    launched: int = 0
    deliveries: int = 0


def run_relay() -> Pass:
    """One pass: expand, claim, launch, reap. Who waits for the first message does not wait until it is known what else
    is due, and for no rescue."""
    forget_wake()  # before the first read: a wake that comes from now on is a pass of its own
    expanded = expand()
    done = Pass(expanded=expanded.dispatches)
    is_broker_there = _launch_what_is_due(expanded.channels, done)
    work = look_for_work(channel for channel in enabled_channels() if channel not in expanded.channels)
    if is_broker_there:
        _launch_what_is_due(work.due, done)
    done.reaped = reap() if work.is_anything_lost else 0
    if done.reaped or done.expanded == DISPATCHES_AT_ONCE:  # that is due now, or there may be more
        wake()
    heartbeat.beat(heartbeat.RELAY)
    return done


def _launch_what_is_due(channels: Iterable[Channel], done: Pass) -> bool:
    """False where the broker is away: for the other channels, too."""
    for channel in channels:
        claimed = claim(channel)
        if claimed and not launch(claimed):
            return False
        if claimed:
            done.launched += 1
            done.deliveries += claimed.run.delivery_count
    return True
