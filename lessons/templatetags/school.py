"""What the templates of the admin call things."""

from datetime import datetime
from typing import Any

from django import template

from lessons.admin import markup, words

register = template.Library()


@register.filter
def seconds(value: float | None) -> str:
    return markup.seconds(value)


@register.filter
def clock(value: datetime) -> str:
    return markup.clock(value)


@register.filter
def short(value: Any) -> str:
    """The first part of a UUID: enough to tell one from another, and to find it in the logs."""
    return str(value)[:8]


@register.filter
def channel_name(value: str) -> str:
    return words.channel(value)


@register.filter
def phase_name(value: str) -> str:
    return str(words.PHASES[value])


@register.filter
def event_name(value: str) -> str:
    return words.event(value)
