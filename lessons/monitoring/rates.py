"""How many messages went out, and how long people waited for them: over the last hour and the last day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.utils import timezone

from lessons.models import DeliveryMinute
from lessons.models.minute import WAIT_BOUNDS


@dataclass(frozen=True)
class Span:
    """A window of time that ends now, in equal steps. `wait_step`: that of the waiting times, which need more data."""

    name: str
    length: timedelta
    step: timedelta
    wait_step: timedelta


HOUR = Span("hour", timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=5))
DAY = Span("day", timedelta(days=1), timedelta(minutes=30), timedelta(hours=1))


@dataclass(frozen=True)
class Step:
    """What happened from `at` on, for one step."""

    at: datetime
    sent: int
    failed: int
    lost: int


@dataclass(frozen=True)
class Wait:
    """Half of the messages came within `p50` seconds, all but one in twenty within `p95`. None: there were none."""

    at: datetime
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Rates:
    span: Span
    steps: list[Step]
    waits: list[Wait]
    p50: float | None
    p95: float | None
    busiest_minute: int

    @property
    def sent(self) -> int:
        return sum(step.sent for step in self.steps)

    @property
    def failed(self) -> int:
        return sum(step.failed + step.lost for step in self.steps)


def rates(span: Span, *, now: datetime | None = None) -> Rates:
    """One query over at most a row per minute and channel, whatever was sent in it. The last step is not over yet."""
    end = _floor(now or timezone.now(), span.wait_step) + span.wait_step
    start = end - span.length
    rows = [
        _Minute(*row)
        for row in DeliveryMinute.objects.filter(minute__gte=start, minute__lt=end).values_list(
            "minute", "sent", "failed", "lost", "waits"
        )
    ]
    steps = [
        Step(at, sum(r.sent for r in of), sum(r.failed for r in of), sum(r.lost for r in of))
        for at, of in _stepwise(rows, start, span.length, span.step)
    ]
    waits = [
        Wait(at, *_percentiles([r.waits for r in of])) for at, of in _stepwise(rows, start, span.length, span.wait_step)
    ]
    by_minute: Counter[datetime] = Counter()
    for row in rows:
        by_minute[row.minute] += row.sent
    busiest = max(by_minute.values(), default=0)
    return Rates(span, steps, waits, *_percentiles([row.waits for row in rows]), busiest)


@dataclass(frozen=True)
class _Minute:
    minute: datetime
    sent: int
    failed: int
    lost: int
    waits: Sequence[int]


def _floor(moment: datetime, to: timedelta) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % to.total_seconds())


def _stepwise(
    rows: Sequence[_Minute], start: datetime, length: timedelta, step: timedelta
) -> list[tuple[datetime, list[_Minute]]]:
    groups: list[list[_Minute]] = [[] for _ in range(length // step)]
    for row in rows:
        groups[(row.minute - start) // step].append(row)
    return [(start + n * step, group) for n, group in enumerate(groups)]


def _percentiles(histograms: Sequence[Sequence[int]]) -> tuple[float | None, float | None]:
    counts = [sum(column) for column in zip(*histograms, strict=True)]
    return percentile(counts, 0.5), percentile(counts, 0.95)


def percentile(counts: Sequence[int], share: float) -> float | None:
    """The seconds within which `share` of the messages came, read off the counters; between two bounds, in proportion.

    What took longer than the last bound counts as that.
    """
    total = sum(counts)
    if not total:
        return None
    wanted, before = share * total, 0
    for number, upto, low, high in zip(
        counts, accumulate(counts), (0.0, *WAIT_BOUNDS), (*WAIT_BOUNDS, WAIT_BOUNDS[-1]), strict=True
    ):
        if upto >= wanted and number:
            return low + (high - low) * (wanted - before) / number
        before = upto
    return float(WAIT_BOUNDS[-1])
