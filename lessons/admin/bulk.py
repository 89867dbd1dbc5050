"""One transition for many lessons: each on its own, and for each it is said how it went.

A page lists the chosen lessons, says of each what would be in the way, and asks. Sent off, it carries out one lesson
after the other: in one go without JavaScript; with it, a few at a time, with a progress bar and a row as each is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lessons import selectors
from lessons.admin.base import SchoolAdmin, in_readers_time_zone
from lessons.admin.carry_out import actor_of, carry_out_quietly
from lessons.admin.moves import moves
from lessons.admin.transition_forms import ReasonForm
from lessons.models import Lesson

MOST_LESSONS = 500
IN_BULK = ("schedule", "start", "complete", "cancel")  # new times are nobody's but one lesson's
ASKS_WHY = frozenset({"cancel"})


@dataclass(frozen=True)
class Row:
    """A chosen lesson: what is in its way, or how it went. `done` is None as long as nothing was tried."""

    lesson: Lesson
    label: str
    obstacle: str = ""
    done: bool | None = None
    texts: Sequence[str] = ()


class BulkTransitionsAdmin(SchoolAdmin):
    actions = [f"bulk_{name}" for name in IN_BULK]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.bulk_view)
        return [path("bulk/<slug:name>/", view, name="lessons_lesson_bulk"), *super().get_urls()]

    @admin.action(description=gettext_lazy("Schedule the chosen lessons"), permissions=["change"])
    def bulk_schedule(self, request: HttpRequest, queryset: QuerySet[Lesson]) -> HttpResponse:
        return self._ask_about(request, queryset, "schedule")

    @admin.action(description=gettext_lazy("Start the chosen lessons"), permissions=["change"])
    def bulk_start(self, request: HttpRequest, queryset: QuerySet[Lesson]) -> HttpResponse:
        return self._ask_about(request, queryset, "start")

    @admin.action(description=gettext_lazy("Complete the chosen lessons"), permissions=["change"])
    def bulk_complete(self, request: HttpRequest, queryset: QuerySet[Lesson]) -> HttpResponse:
        return self._ask_about(request, queryset, "complete")

    @admin.action(description=gettext_lazy("Cancel the chosen lessons"), permissions=["change"])
    def bulk_cancel(self, request: HttpRequest, queryset: QuerySet[Lesson]) -> HttpResponse:
        return self._ask_about(request, queryset, "cancel")

    def _ask_about(self, request: HttpRequest, queryset: QuerySet[Lesson], name: str) -> HttpResponse:
        """To the page that asks. Nothing is done yet."""
        chosen = list(queryset.order_by("start_time", "id").values_list("pk", flat=True)[: MOST_LESSONS + 1])
        if len(chosen) > MOST_LESSONS:
            text = _("More than %(number)d lessons at once are too many: choose fewer.") % {"number": MOST_LESSONS}
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return self._page(request, name, self._rows(request, name, chosen))

    @in_readers_time_zone
    def bulk_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """POST carries out; `lesson` is "id" or "id:version", as often as there are lessons.

        Asked by the script, it answers with the rows alone.
        """
        if name not in IN_BULK:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:lessons_lesson_changelist"))
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = ReasonForm(request.POST)
        versions = _chosen(request.POST.getlist("lesson"))
        rows = self._rows(request, name, list(versions))
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            rows = [self._carry_out(request, row, name, versions[row.lesson.pk], reason) for row in rows]
        if request.headers.get("X-Requested-With") == "fetch":
            return render(request, "admin/lessons/lesson/bulk_rows.html", {"rows": rows})
        return self._page(request, name, rows, form)

    def _rows(self, request: HttpRequest, name: str, chosen: Sequence[int]) -> list[Row]:
        """In the order in which they were chosen; what the person may not see is not there."""
        person = actor_of(request)
        found = selectors.with_people(selectors.visible_lessons(person)).in_bulk(chosen)
        lessons = [found[pk] for pk in chosen if pk in found]
        offered = [(lesson, moves(lesson, person, offered=[name], asking=[])[0]) for lesson in lessons]
        return [Row(lesson, move.label, move.obstacle) for lesson, move in offered]

    def _carry_out(self, request: HttpRequest, row: Row, name: str, version: int | None, reason: str) -> Row:
        try:
            changed, refusal = carry_out_quietly(self, request, row.lesson, name, version=version, reason=reason)
        except PermissionDenied:
            return Row(row.lesson, row.label, done=False, texts=[_("You may not do this.")])
        if refusal:
            return Row(row.lesson, row.label, done=False, texts=refusal.texts)
        return Row(changed or row.lesson, row.label, done=True, texts=[_("done")])

    def _page(self, request: HttpRequest, name: str, rows: list[Row], form: ReasonForm | None = None) -> HttpResponse:
        transition = moves(Lesson(), actor_of(request), offered=[name], asking=[])[0]
        done = [row for row in rows if row.done is not None]
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(transition)s: %(number)d lessons") % {"transition": transition.label, "number": len(rows)},
            "opts": self.opts,
            "name": name,
            "label": transition.label,
            "rows": rows,
            "is_done": bool(done),
            "summary": _summary(done),
            "form": form or ReasonForm(),
            "asks_why": name in ASKS_WHY,
            "action": reverse("admin:lessons_lesson_bulk", args=[name]),
        }
        return render(request, "admin/lessons/lesson/bulk.html", context)


def _chosen(posted: Sequence[str]) -> dict[int, int | None]:
    """Ids with the version that was shown, where it was; what is none is left out."""
    chosen: dict[int, int | None] = {}
    for one in posted[:MOST_LESSONS]:
        pk, _colon, version = one.partition(":")
        if _is_number(pk):
            chosen[int(pk)] = int(version) if _is_number(version) else None
    return chosen


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10  # noqa: PLR2004 - digits


def _summary(done: Sequence[Row]) -> str:
    refused = sum(not row.done for row in done)
    if not done:
        return ""
    text = ngettext(
        "%(done)d lesson done, %(refused)d refused.", "%(done)d lessons done, %(refused)d refused.", len(done) - refused
    )
    return text % {"done": len(done) - refused, "refused": refused}
