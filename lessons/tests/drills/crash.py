"""The application, to be killed at certain points of its work: at each of them once.

    python -m lessons.tests.drills.crash KIND DIRECTORY POINT,… -m MODULE …

KIND: `process` kills the one that is at the point, `group` also its parent and siblings. DIRECTORY remembers which
points have been reached, so that whoever starts again gets past them.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from lessons.tests.drills.inside import run_changed


@dataclass(frozen=True)
class Before:
    """When this function is called."""

    name: str


@dataclass(frozen=True)
class After:
    """When this function is done; `only_if` it returned something that is true."""

    name: str
    only_if: bool = False


POINTS = {
    "before commit": After("lessons.models.recorded.write_outbox"),
    "after commit": Before("lessons.models.recorded.wake_soon"),
    "in expand": Before("lessons.notifications.expand.settle"),
    "after expand": After("lessons.notifications.relay.expand", only_if=True),
    "after claim": Before("lessons.notifications.relay.launch"),
    "in launch": After("celery.app.task.Task.apply_async"),  # of a header of several tasks, one is published
    "before send": Before("lessons.notifications.channels.sms.SmsChannel.send"),
    "after send": After("lessons.notifications.channels.sms.SmsChannel.send"),
    "in record": Before("lessons.notifications.record.settle"),
    "before close": Before("lessons.tasks.close_run_"),
}


def arm(point: str, die: Callable[[], None]) -> None:
    """Wrap the point's function, where its caller finds it."""
    where, name = POINTS[point], POINTS[point].name
    owner_name, _, attribute = name.rpartition(".")
    owner = resolve_name(owner_name)
    original = getattr(owner, attribute)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if isinstance(where, Before):
            die()
            return original(*args, **kwargs)
        result = original(*args, **kwargs)
        if result or not where.only_if:
            die()
        return result

    setattr(owner, attribute, wrapped)


def die_once(kind: str, marker: Path) -> None:
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    if kind == "group":
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def arm_all(kind: str, directory: Path, points: list[str]) -> None:
    for point in points:
        arm(point, functools.partial(die_once, kind, directory / point))


if __name__ == "__main__":
    _, kind, directory, points, *program = sys.argv
    run_changed(lambda: arm_all(kind, Path(directory), points.split(",")), program)
