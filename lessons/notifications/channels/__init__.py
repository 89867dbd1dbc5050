"""The registry: one line per channel."""

from django.conf import settings

from lessons.notifications.channels.base import Channel, SendError, Sent
from lessons.notifications.channels.email import EmailChannel
from lessons.notifications.channels.log import LogChannel
from lessons.notifications.channels.sms import SmsChannel

REGISTRY: dict[str, Channel] = {
    "log": LogChannel(),
    "email": EmailChannel(),
    "sms": SmsChannel(),
}
NAMES = tuple(REGISTRY)


def enabled_channels() -> list[Channel]:
    """The channels in use, in the order of NOTIFICATION_CHANNELS."""
    return [REGISTRY[name] for name in settings.NOTIFICATION_CHANNELS]


__all__ = ["NAMES", "REGISTRY", "Channel", "SendError", "Sent", "enabled_channels"]
