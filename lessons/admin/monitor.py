"""The chord monitor: what is being delivered now, what does not get on, and how fast it all is.

The page is whole without JavaScript. With it, `monitor.js` fetches the parts again and again.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lessons import monitoring
from lessons.admin import charts, markup
from lessons.admin.base import by_readers_clock, is_staff_role
from lessons.admin.troubles import troubles
from lessons.monitoring import DAY, HOUR, Rates


def _now() -> dict[str, Any]:
    """Runs, channels, and what needs mending: three queries, and a word with Redis."""
    runs, lost = monitoring.open_runs(), monitoring.lost_runs()
    machinery, channels = monitoring.machinery(), monitoring.channel_figures()
    return {
        "channels": channels,
        "running": [run for run in runs if not run.is_stalled],
        "troubles": troubles(runs, lost, relay_is_alive=machinery.relay_is_alive),
        "machinery": machinery,
        "due": monitoring.CappedCount(sum(channel.due.found for channel in channels)),
        "in_flight": monitoring.CappedCount(sum(channel.in_flight.found for channel in channels)),
        "dead": monitoring.CappedCount(sum(channel.dead.found for channel in channels)),
        "oldest_seconds": max((c.oldest_seconds for c in channels if c.oldest_seconds is not None), default=None),
    }


def _rates() -> dict[str, Any]:
    """Charts: drawn anew every ten seconds at most."""
    return {"charts": charts.cached("monitor", _draw)}


def _draw() -> dict[str, Any]:
    hour, day = monitoring.rates(HOUR), monitoring.rates(DAY)
    return {
        "sent_hour": _sent(hour, _("Sent per minute, last hour")),
        "waits_hour": _waits(hour, _("Seconds from event to delivery, last hour")),
        "sent_day": _sent(day, _("Sent per half hour, last day")),
        "waits_day": _waits(day, _("Seconds from event to delivery, last day")),
        "facts": [_facts(_("Last hour"), hour), _facts(_("Last day"), day)],
    }


def _facts(name: str, rates: Rates) -> dict[str, Any]:
    return {
        "name": name,
        "sent": rates.sent,
        "failed": rates.failed,
        "per_minute": rates.busiest_minute,
        "p50": markup.seconds(rates.p50),
        "p95": markup.seconds(rates.p95),
    }


def _sent(rates: Rates, title: str) -> str:
    series = [
        charts.Series("sent", _("sent"), [step.sent for step in rates.steps]),
        charts.Series("failed", _("failed"), [step.failed + step.lost for step in rates.steps]),
    ]
    return charts.bars(
        key=f"sent-{rates.span.name}", title=title, moments=[step.at for step in rates.steps], series=series
    )


def _waits(rates: Rates, title: str) -> str:
    series = [
        charts.Series("p50", _("p50"), [wait.p50 for wait in rates.waits]),
        charts.Series("p95", _("p95"), [wait.p95 for wait in rates.waits]),
    ]
    return charts.lines(
        key=f"waits-{rates.span.name}", title=title, moments=[wait.at for wait in rates.waits], series=series, unit="s"
    )


PARTS: dict[str, Callable[[], dict[str, Any]]] = {"now": _now, "rates": _rates}


def context_of(part: str) -> dict[str, Any]:
    return {**PARTS[part](), "flower": settings.FLOWER_URL}


def _refuse_others(request: HttpRequest) -> None:
    if not is_staff_role(request):
        raise PermissionDenied


@never_cache
@require_safe
@by_readers_clock
def monitor_page(request: HttpRequest) -> HttpResponse:
    _refuse_others(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Chord monitor"),
        "subtitle": markup.whose_clock(),
        **context_of("now"),
        **context_of("rates"),
    }
    return render(request, "admin/lessons/monitor/page.html", context)


@never_cache
@require_safe
@by_readers_clock
def live_part(request: HttpRequest, part: str) -> HttpResponse:
    """A part of the page, to be put in the place of the one that is there."""
    _refuse_others(request)
    if part not in PARTS:
        raise Http404
    return render(request, f"admin/lessons/monitor/{part}.html", context_of(part))
