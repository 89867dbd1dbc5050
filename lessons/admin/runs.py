"""Chord runs: what Celery is doing, one run a chord."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lessons.admin import markup, words
from lessons.admin.base import SchoolAdmin
from lessons.admin.filters import ChannelFilter
from lessons.models import ChordRun, Delivery
from lessons.progress import with_done


@admin.register(ChordRun)
class ChordRunAdmin(SchoolAdmin):
    list_display = ("short_id", "state_chip", "channel", "progress", "delivery_count", "started_at", "closed_at")
    list_filter = ("state", ChannelFilter)
    search_fields = ("id",)
    ordering = ("-started_at",)
    fields = (
        "id",
        "state_chip",
        "channel",
        "progress",
        "deliveries",
        "started_at",
        "closed_at",
        "report_figures",
        "tasks",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChordRun]:
        return with_done(super().get_queryset(request))

    @admin.display(description=_("run"))
    def short_id(self, run: ChordRun) -> str:
        return str(run.pk)[:8]

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, run: ChordRun) -> SafeString:
        return markup.chip(run.state, run.get_state_display())

    @admin.display(description=_("progress"))
    def progress(self, run: Any) -> SafeString:
        bar = format_html('<progress value="{}" max="{}"></progress>', run.done, run.size)
        return format_html('<span class="progress">{} {}/{}</span>', bar, run.done, run.size)

    @admin.display(description=_("deliveries"))
    def deliveries(self, run: ChordRun) -> SafeString:
        return markup.list_link(Delivery, run.delivery_count, run__exact=run.pk)

    @admin.display(description=_("report"))
    def report_figures(self, run: ChordRun) -> SafeString:
        return markup.figures({words.REPORT.get(key, key): value for key, value in run.report.items()})

    @admin.display(description=_("task ids"))
    def tasks(self, run: ChordRun) -> SafeString:
        """Each with its page in Flower; the run's own page there lists them, too."""
        items = format_html_join(
            "",
            '<li><a class="code" href="{}/task/{}">{}</a></li>',
            ((settings.FLOWER_URL, task, task) for task in run.task_ids),
        )
        return format_html(
            '<p><a href="{}/task/{}">{}</a></p><ol>{}</ol>', settings.FLOWER_URL, run.pk, _("In Flower"), items
        )
