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

from lessons.models import LessonEvent, Status

NOTHING = "–"


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


def step(event: LessonEvent) -> str:
    """From which status to which, where the event changed it."""
    if event.source == event.target:
        return NOTHING
    return f"{Status(event.source).label if event.source else NOTHING} → {Status(event.target).label}"


def whose_clock() -> str:
    return _("Times are those of %(zone)s.") % {"zone": timezone.get_current_timezone_name()}
