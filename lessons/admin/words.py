"""What codes are called on the pages: events, outcomes, phases, and the reasons that machines give."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lessons.events import EventName
from lessons.monitoring.runs import Phase

EVENTS: dict[str, Promise] = {
    EventName.CREATED: _("created"),
    EventName.UPDATED: _("updated"),
    EventName.SCHEDULED: _("scheduled"),
    EventName.RESCHEDULED: _("rescheduled"),
    EventName.STARTED: _("started"),
    EventName.COMPLETED: _("completed"),
    EventName.CANCELLED: _("cancelled"),
    EventName.REMINDER: _("reminder"),
    EventName.OVERDUE: _("overdue"),
}

PHASES: dict[str, Promise] = {
    Phase.QUEUED: _("queued"),
    Phase.SENDING: _("sending"),
    Phase.RETRYING: _("retrying"),
    Phase.CLOSING: _("closing"),
    Phase.UNTAKEN: _("not taken"),
    Phase.EXPIRED: _("not reported back"),
    Phase.UNCLOSED: _("not closed"),
}

CHANNELS: dict[str, Promise] = {"log": _("log"), "email": _("e-mail"), "sms": _("SMS")}

# Why a delivery was skipped or has died, where it was not a provider who said so.
REASONS: dict[str, Promise] = {
    "superseded": _("superseded by a later event"),
    "no_address": _("no address for this channel"),
    "inactive": _("the person is deactivated"),
    "opted_out": _("the person has switched this channel off"),
    "nothing_to_take_back": _("they had never been told of the lesson"),
    "the worker did not report back": _("the worker did not report back"),
}

REPORT: dict[str, Promise] = {
    "sent": _("sent"),
    "failed": _("failed"),
    "lost": _("lost"),
    "dead": _("dead"),
    "seconds": _("seconds"),
    "mean_seconds": _("mean seconds per message"),
    "launch": _("launch"),
}


def event(name: str) -> str:
    return str(EVENTS[name])


def channel(name: str) -> str:
    """A channel that has no word of its own is called by its name."""
    return str(CHANNELS.get(name, name))


def reason(text: str) -> str:
    """A code in words; what a provider said, as it said it."""
    return str(REASONS.get(text, text))
