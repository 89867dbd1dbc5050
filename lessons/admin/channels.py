"""Channels: how many of their messages may be in flight, and whether their provider is being left alone."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lessons.admin import markup
from lessons.admin.base import SchoolAdmin, is_administrator
from lessons.models import Channel


@admin.register(Channel)
class ChannelAdmin(SchoolAdmin):
    list_display = ("name", "window", "circuit", "open_until")
    ordering = ("name",)
    fields = ("name", "circuit", "open_until", "window")
    readonly_fields = ("name", "circuit", "open_until")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    @admin.display(description=_("provider"))
    def circuit(self, channel: Channel) -> SafeString:
        if channel.open_until and channel.open_until > timezone.now():
            return markup.chip("open", _("left alone"))
        return markup.chip("closed", _("in use"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The window alone: the circuit belongs to the deliveries that are going on meanwhile."""
        obj.save(update_fields=["window"])
