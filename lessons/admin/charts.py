"""Charts as SVG, made here: whole numbers for coordinates, classes instead of styles, words for who cannot see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils import formats, timezone, translation
from django.utils.safestring import SafeString
from redis import RedisError

WIDTH, HEIGHT = 560, 150
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 10, 20
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
BASE = TOP + PLOT_HEIGHT
TIME_LABELS, MOST_LABELS = 6, 8
KEPT_SECONDS = 10


@dataclass(frozen=True)
class Series:
    """One value per moment; None where there is none. `name` is also its class."""

    name: str
    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Mark:
    """A rectangle, or a point with a tooltip."""

    x: int
    y: int
    width: int = 0
    height: int = 0
    tip: str = ""


@dataclass(frozen=True)
class Drawn:
    name: str
    label: str
    marks: list[Mark] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


def cached(page: str, draw: Callable[[], Any]) -> Any:
    """What `draw` makes for this reader's language and clock, a few seconds old at most, however many people look.

    A cache that is away is none.
    """
    key = f"{page}:charts:{translation.get_language()}:{timezone.get_current_timezone_name()}"
    try:
        return cache.get_or_set(key, draw, KEPT_SECONDS)
    except RedisError:
        return draw()


def clock(moment: datetime) -> str:
    return formats.time_format(timezone.localtime(moment), "H:i")


def weekday(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "D j")


def bars(
    *,
    key: str,
    title: str,
    moments: Sequence[datetime],
    series: Sequence[Series],
    label: Callable[[datetime], str] = clock,
) -> SafeString:
    """Stacked bars, the first series at the bottom."""
    stacked = [sum(value or 0 for value in column) for column in zip(*(s.values for s in series), strict=True)]
    top = max(2.0, nice_top(max(stacked, default=0)))  # of whole things the half is whole, too
    slot = PLOT_WIDTH / max(1, len(moments))
    gap = 1 if slot > 4 else 0  # noqa: PLR2004
    floors = [0.0] * len(moments)
    drawn = []
    for one in series:
        marks = []
        for n, value in enumerate(one.values):
            if value:
                low, floors[n] = floors[n], floors[n] + value
                y, base = _y(floors[n], top), _y(low, top)
                x = LEFT + round(n * slot)
                tip = f"{label(moments[n])} · {one.label}: {_number(value)}"
                marks.append(Mark(x, y, max(1, round((n + 1) * slot) - round(n * slot) - gap), base - y, tip))
        drawn.append(Drawn(one.name, one.label, marks))
    return _render(key, title, [label(moment) for moment in moments], drawn, top)


def lines(*, key: str, title: str, moments: Sequence[datetime], series: Sequence[Series], unit: str = "") -> SafeString:
    """A line per series, interrupted where there is no value; each value is a point that says what it is."""
    top = nice_top(max((value for s in series for value in s.values if value), default=0))
    slot = PLOT_WIDTH / max(1, len(moments))
    drawn = []
    for one in series:
        marks: list[Mark] = []
        paths: list[str] = []
        pen = ""
        for n, value in enumerate(one.values):
            if value is None:
                pen = ""
                continue
            x, y = LEFT + round((n + 0.5) * slot), _y(value, top)
            marks.append(Mark(x, y, tip=f"{clock(moments[n])} · {one.label}: {_number(value)} {unit}".rstrip()))
            if pen:
                paths[-1] += f" L{x} {y}"
            else:
                paths.append(f"M{x} {y}")
            pen = "down"
        drawn.append(Drawn(one.name, one.label, marks, [path for path in paths if " L" in path]))
    return _render(key, title, [clock(moment) for moment in moments], drawn, top)


def nice_top(highest: float) -> float:
    """The next round number: 1, 2, 4, 5, 8 times a power of ten, so that its half is round, too."""
    top = 1.0
    while top < highest:
        top = next((top * step for step in (2, 4, 5, 8) if top * step >= highest), top * 10)
        if top >= highest:
            break
    return top


def _y(value: float, top: float) -> int:
    return BASE - round(PLOT_HEIGHT * value / top)


def _number(value: float) -> str:
    return formats.number_format(round(value, 1) if value % 1 else int(value))


def _render(key: str, title: str, labels: Sequence[str], drawn: list[Drawn], top: float) -> SafeString:
    every = 1 if len(labels) <= MOST_LABELS else len(labels) // TIME_LABELS
    slot = PLOT_WIDTH / max(1, len(labels))
    context = {
        "key": key,
        "title": title,
        "drawn": drawn,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "base": BASE,
        "grid": [(_y(share * top, top), _number(share * top)) for share in (0.5, 1.0)],
        "times": [(LEFT + round((n + 0.5) * slot), labels[n]) for n in range(0, len(labels), every)],
    }
    return render_to_string("admin/lessons/chart.svg", context)
