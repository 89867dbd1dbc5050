"""How the commands that run until they are stopped are stopped."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def until_stopped() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the block quietly; a second one cannot disturb the end.

    SIGINT is claimed too: a shell starts its background jobs with it ignored.
    """
    for number in STOPPING:
        signal.signal(number, _stop)
    try:
        yield
    except KeyboardInterrupt:
        return


def is_orphaned(parent: int) -> bool:
    """Whether the `make` that started us, `parent`, was killed. Any other parent may leave."""
    return "MAKELEVEL" in os.environ and os.getppid() != parent


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
