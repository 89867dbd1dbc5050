"""The list of lessons: chips for the statuses, days and weeks to turn, a search that an index answers, CSV."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lessons import planning, selectors
from lessons.admin import markup
from lessons.admin.base import SchoolAdmin, in_readers_time_zone
from lessons.admin.carry_out import actor_of
from lessons.admin.export import csv_of
from lessons.admin.filters import DayFilter, FiltersByPerson, PersonFilter, WhenFilter
from lessons.models import Lesson, Status, User, title_has
from lessons.models.title_words import WORDS_SEARCHED

TEACHERS_MATCHED = 200


class LessonListAdmin(FiltersByPerson, SchoolAdmin):
    change_list_template = "admin/lessons/lesson/change_list.html"
    list_display = ("title", "status_chip", "teacher", "student_count", "start_time", "ends")
    list_select_related = ("teacher",)
    list_filter = ("status", DayFilter, WhenFilter, ("teacher", PersonFilter), ("students", PersonFilter))
    search_fields = ("title",)  # how they are searched says get_search_results
    search_help_text = gettext_lazy("Beginnings of words of the title, or the teacher's name")
    ordering = ("-start_time", "-id")
    sortable_by = ("start_time",)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="lessons_lesson_export"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lesson]:
        through: QuerySet[Any] = Lesson.students.through.objects.filter(lesson_id=OuterRef("pk"))
        counted = through.order_by().values("lesson_id").annotate(number=Count("pk")).values("number")
        return selectors.visible_lessons(actor_of(request)).annotate(number_of_students=Coalesce(Subquery(counted), 0))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lesson], search_term: str
    ) -> tuple[QuerySet[Lesson], bool]:
        """Each word begins a word of the title, or is in the teacher's name."""
        for word in search_term.replace("\0", "").split()[:WORDS_SEARCHED]:
            queryset = queryset.filter(title_has(word) | Q(teacher__in=_teachers_called(word)))
        return queryset, False

    @in_readers_time_zone
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": _("Lessons"), "chips": _chips(request), "days": Days(request)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse | HttpResponseRedirect:
        """The list as it is filtered, to its end, as CSV."""
        with timezone.override(actor_of(request).time_zone):
            try:
                found = self.get_changelist_instance(request).get_queryset(request)
            except IncorrectLookupParameters:
                return HttpResponseRedirect(reverse("admin:lessons_lesson_changelist") + "?e=1")
            return csv_of(found, timezone.get_current_timezone())

    @admin.display(description=gettext_lazy("status"))
    def status_chip(self, lesson: Lesson) -> SafeString:
        return markup.chip(lesson.status, lesson.get_status_display())

    @admin.display(description=gettext_lazy("students"))
    def student_count(self, lesson: Any) -> int:
        return int(lesson.number_of_students)

    @admin.display(description=gettext_lazy("end"))
    def ends(self, lesson: Lesson) -> str:
        """The day only where it is another one."""
        start, end = timezone.localtime(lesson.start_time), timezone.localtime(lesson.end_time)
        return formats.time_format(end) if start.date() == end.date() else formats.date_format(end, "DATETIME_FORMAT")


def _teachers_called(word: str) -> list[int]:
    """Looked up first, so that the lessons are searched by an index on them."""
    named = User.objects.filter(Q(full_name__icontains=word) | Q(username__icontains=word))
    return list(named.filter(role="teacher").values_list("pk", flat=True)[:TEACHERS_MATCHED])


def _query(request: HttpRequest, **changes: Any) -> str:
    """The list's query string with some of it changed (None: taken out); always from the first page on."""
    kept = {name: request.GET.getlist(name) for name in request.GET if name not in {*changes, "p", "all", "e"}}
    return "?" + urlencode(
        {**kept, **{name: value for name, value in changes.items() if value is not None}}, doseq=True
    )


def _chips(request: HttpRequest) -> list[dict[str, Any]]:
    chosen = request.GET.get("status__exact")
    everything = {"label": _("All"), "value": "all", "query": _query(request, status__exact=None), "is_on": not chosen}
    return [
        everything,
        *(
            {"label": label, "value": value, "query": _query(request, status__exact=value), "is_on": chosen == value}
            for value, label in Status.choices
        ),
    ]


class Days:
    """A navigation by days, or by weeks: `on` is the day in the address, today where there is none."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.is_week = request.GET.get("span") == "week"
        self.today = timezone.localdate()
        self.on = planning.parse_day(request.GET.get("on", ""))

    @property
    def label(self) -> str:
        """What is shown: a day, a week, or everything."""
        if self.on is None:
            return _("All days")
        if not self.is_week:
            return formats.date_format(self.on, "l, j F Y")
        first = self.on - timedelta(days=self.on.weekday())
        last = first + timedelta(days=6)
        return f"{formats.date_format(first, 'j F')} – {formats.date_format(last, 'j F Y')}"

    def _to(self, day: date | None, *, week: bool) -> str:
        return _query(self.request, on=day.isoformat() if day else None, span="week" if week and day else None)

    def _step(self, sign: int) -> str:
        step = timedelta(days=7 if self.is_week else 1)
        return self._to((self.on or self.today) + sign * step, week=self.is_week)

    @property
    def previous(self) -> str:
        return self._step(-1)

    @property
    def next(self) -> str:
        return self._step(1)

    @property
    def to_today(self) -> str:
        return self._to(self.today, week=False)

    @property
    def to_week(self) -> str:
        return self._to(self.on or self.today, week=True)

    @property
    def to_day(self) -> str:
        return self._to(self.on or self.today, week=False)

    @property
    def to_all(self) -> str:
        return self._to(None, week=False)
