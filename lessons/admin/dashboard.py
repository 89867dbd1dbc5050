"""The admin's first page: today's lessons, what needs attention, and how the day is going."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from redis import RedisError

from lessons import monitoring, planning, prevented
from lessons.admin import charts, markup
from lessons.admin.base import is_staff_role
from lessons.admin.carry_out import actor_of
from lessons.monitoring import DAY

TODAY_SHOWN, CHANGES_SHOWN = 12, 8


def dashboard(request: HttpRequest) -> dict[str, Any]:
    """Teachers with staff access see their own lessons; the school as a whole is for managers and administrators."""
    person = actor_of(request)
    lessons = planning.lessons_of_day(person, timezone.localdate())
    today = list(lessons[: TODAY_SHOWN + 1])
    context = {
        "subtitle": markup.whose_clock(),
        "today": today[:TODAY_SHOWN],
        "has_more_today": len(today) > TODAY_SHOWN,
        "overdue": planning.overdue_lessons(person, limit=TODAY_SHOWN),
        "latest_changes": planning.latest_changes(person)[:CHANGES_SHOWN],
    }
    return context | (_of_the_school() if is_staff_role(request) else {})


def _of_the_school() -> dict[str, Any]:
    channels = monitoring.channel_figures()
    return {
        "channels": channels,
        "dead_channels": [channel for channel in channels if channel.dead],
        "left_alone": [channel for channel in channels if channel.is_left_alone],
        "clashes_prevented": _clashes_prevented(),
        "small_charts": charts.cached("dashboard", _charts),
    }


def _clashes_prevented() -> int | None:
    try:
        return prevented.clashes()
    except RedisError:
        return None


def _charts() -> list[str]:
    day = monitoring.rates(DAY)
    coming = planning.lessons_per_day(days=7)
    return [
        charts.bars(
            key="told",
            title=_("Messages sent, last day"),
            moments=[step.at for step in day.steps],
            series=[
                charts.Series("sent", _("sent"), [step.sent for step in day.steps]),
                charts.Series("failed", _("failed"), [step.failed + step.lost for step in day.steps]),
            ],
        ),
        charts.bars(
            key="coming",
            title=_("Lessons, the next seven days"),
            moments=[moment for moment, _number in coming],
            series=[charts.Series("lessons", _("lessons"), [number for _moment, number in coming])],
            label=charts.weekday,
        ),
    ]
