"""Small pieces of the admin's pages: chips, links, moments, columns of figures."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lessons.models import LessonEvent, Status
from lessons.progress import Progress

NOTHING = "–"
SHORTEST_SECONDS, SECONDS_WITH_TENTHS = 0.1, 10
DAY_SECONDS = 86_400
# Up to how many seconds, in which unit, in which words.
SPANS = (
    (120, 1, gettext_lazy("%(number)d s")),
    (7200, 60, gettext_lazy("%(number)d min")),
    (2 * DAY_SECONDS, 3600, gettext_lazy("%(number)d h")),
)


def chip(value: str, label: Any) -> SafeString:
    """A state as a coloured label; the stylesheet has one class per value."""
    return format_html('<span class="chip chip-{}">{}</span>', value, label)


def link(row: Model, text: Any = None) -> SafeString:
    """To the page of a row, under its own name unless another text is given."""
    opts = row._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, row if text is None else text)


def list_link(model: type[Model], text: Any, **filters: Any) -> SafeString:
    """To the list of a model, filtered."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, urlencode(filters), text)


def figures(values: Mapping[Any, Any]) -> SafeString:
    """Names and figures, one pair a line."""
    rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((capfirst(name), values[name]) for name in values))
    return format_html('<dl class="figures">{}</dl>', rows)


def moment(value: datetime) -> str:
    """By the clock of whoever reads it."""
    return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")


def clock(value: datetime) -> str:
    """The time of day with seconds, by the clock of whoever reads it."""
    return formats.time_format(timezone.localtime(value), "H:i:s")


def step(event: LessonEvent) -> str:
    """From which status to which, where the event changed it."""
    if event.source == event.target:
        return NOTHING
    return f"{Status(event.source).label if event.source else NOTHING} → {Status(event.target).label}"


def whose_clock() -> str:
    return _("Times are those of %(zone)s.") % {"zone": timezone.get_current_timezone_name()}


def told_bar(progress: Progress) -> SafeString:
    """How far people have been told, as a bar of parts; the words beside it say the same."""
    rects, start = [], 0
    for state in ("sent", "waiting", "dead"):
        width = round(100 * getattr(progress, state) / progress.wanted) if progress.wanted else 0
        rects.append((state, start, width))
        start += width
    parts = format_html_join("", '<rect class="part-{}" x="{}" width="{}" height="8"/>', rects)
    return format_html(
        '<svg class="told-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="part-none" width="100" height="8"/>{}</svg>',
        parts,
    )


def told_words(progress: Progress) -> str:
    if not progress.total:
        return _("waiting for the relay")
    if not progress.wanted:
        return _("nobody needed to be told any more")
    said = [_("%(sent)d of %(wanted)d delivered") % {"sent": progress.sent, "wanted": progress.wanted}]
    if progress.waiting:
        said.append(_("%(number)d waiting") % {"number": progress.waiting})
    if progress.dead:
        said.append(_("%(number)d failed") % {"number": progress.dead})
    return " · ".join(said)


def seconds(value: float | None) -> str:
    """A span of time, short: 0.4 s, 12 s, 3 min, 2 h, 5 d."""
    if value is None:
        return NOTHING
    if value < SHORTEST_SECONDS:
        return _("< 0.1 s")
    if value < SECONDS_WITH_TENTHS:
        return _("%(number)s s") % {"number": formats.number_format(round(value, 1), 1)}
    for limit, unit, words in SPANS:
        if value < limit:
            return words % {"number": round(value / unit)}
    return _("%(number)d d") % {"number": round(value / DAY_SECONDS)}
