"""What happened to the lessons: the audit log, to be looked at."""

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lessons.admin import markup, words
from lessons.admin.base import SchoolAdmin
from lessons.admin.filters import EventFilter
from lessons.models import LessonEvent, User

RECIPIENTS_NAMED = 50


@admin.register(LessonEvent)
class LessonEventAdmin(SchoolAdmin):
    list_display = ("id", "event", "lesson_link", "number", "change", "by", "reason", "created_at")
    list_select_related = ("lesson", "actor", "dispatch")
    list_filter = (EventFilter.on("name"),)
    search_fields = ("lesson__title", "reason")
    ordering = ("-id",)
    fields = (
        "lesson_link",
        "event",
        "number",
        "change",
        "by",
        "reason",
        "created_at",
        "told",
        "dispatch_link",
        "start_time",
        "request_id",
        "pretty_snapshot",
    )

    @admin.display(description=_("event"), ordering="name")
    def event(self, event: LessonEvent) -> SafeString:
        return markup.chip(event.name, words.event(event.name))

    @admin.display(description=_("lesson"), ordering="lesson")
    def lesson_link(self, event: LessonEvent) -> SafeString:
        return markup.link(event.lesson)

    @admin.display(description=_("number"))
    def number(self, event: LessonEvent) -> Any:
        return event.occasion if event.seq is None else event.seq

    @admin.display(description=_("change"))
    def change(self, event: LessonEvent) -> str:
        return markup.step(event)

    @admin.display(description=_("by"))
    def by(self, event: LessonEvent) -> Any:
        return event.actor or _("the system")

    @admin.display(description=_("told"))
    def told(self, event: LessonEvent) -> SafeString:
        """The first of them by name: there can be thousands."""
        people = User.objects.filter(pk__in=event.recipients[:RECIPIENTS_NAMED]).order_by("pk")
        names = format_html_join(", ", "{}", ((markup.link(person),) for person in people))
        more = len(event.recipients) - RECIPIENTS_NAMED
        return format_html("{} + {}", names, more) if more > 0 else names

    @admin.display(description=_("dispatch"))
    def dispatch_link(self, event: LessonEvent) -> str:
        if not hasattr(event, "dispatch"):
            return markup.NOTHING
        return markup.link(event.dispatch, markup.chip(event.dispatch.state, event.dispatch.state.label))

    @admin.display(description=_("snapshot"))
    def pretty_snapshot(self, event: LessonEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.snapshot, indent=2, ensure_ascii=False))
