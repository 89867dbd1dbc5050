"""Counters that outlive a process: in Redis, since nobody comes to a worker to ask it for its figures.

They only grow, and begin anew where Redis has lost them, as Prometheus expects of counters. Nothing depends on them:
where Redis is away, what happens meanwhile is not counted.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from lessons.broker import UNREACHABLE, breaker, connection

KEY = "counters"
SUM, COUNT = "sum", "count"


def count(amounts: Mapping[str, float]) -> None:
    """Add to the counters of these names; none of the names is made up before something is counted."""
    amounts = {name: amount for name, amount in amounts.items() if amount}
    if not amounts or breaker.is_open:
        return
    with suppress(*UNREACHABLE):
        pipeline = connection().pipeline(transaction=False)
        for name, amount in amounts.items():
            pipeline.hincrbyfloat(KEY, name, amount)
        pipeline.execute()


def histogram(name: str, bounds: Sequence[float], values: Iterable[float]) -> dict[str, float]:
    """What to count for `values`: how many lie at or below each bound and above the one before, their sum and number.

    Keys are `name:bound`, with `inf` for what lies above the last one; `name:sum` and `name:count`.
    """
    amounts: dict[str, float] = {}
    for value in values:
        for key, amount in ((bound_name(bounds, bisect_left(bounds, value)), 1.0), (SUM, value), (COUNT, 1.0)):
            amounts[f"{name}:{key}"] = amounts.get(f"{name}:{key}", 0.0) + amount
    return amounts


def bound_name(bounds: Sequence[float], place: int) -> str:
    """What the `place`-th of the bounds is called in a key, and what lies above the last one."""
    return f"{bounds[place]:g}" if place < len(bounds) else "inf"


def counted() -> dict[str, float]:
    """All counters. Raises redis.RedisError where nobody can be asked."""
    found: dict[bytes, bytes] = connection().hgetall(KEY)  # type: ignore[assignment]
    return {name.decode(): float(value) for name, value in found.items()}
