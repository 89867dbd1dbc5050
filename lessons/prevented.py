"""How many clashes were prevented, by day. A figure to look at: kept in Redis, and not missed where that is away."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from lessons.broker import UNREACHABLE, breaker, connection

KEPT_DAYS = 8


def note_clash() -> None:
    """Somebody would have been in two lessons at once, and will not be. Not to be called with locks held."""
    if breaker.is_open:
        return
    with suppress(*UNREACHABLE):
        key = _key(datetime.now(UTC))
        with connection().pipeline(transaction=False) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, timedelta(days=KEPT_DAYS))
            pipeline.execute()


def clashes(*, days: int = 7) -> int:
    """Of today and the days before. Raises redis.RedisError where nobody can be asked."""
    today = datetime.now(UTC)
    counted = connection().mget([_key(today - timedelta(days=n)) for n in range(days)])
    return sum(int(number) for number in counted if number)


def _key(day: datetime) -> str:
    return f"prevented:clashes:{day:%Y-%m-%d}"
