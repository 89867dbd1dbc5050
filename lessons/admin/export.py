"""Lessons as CSV, line by line as they are read: a million of them take no memory.

What a spreadsheet would take for a formula is made text by an apostrophe: titles are typed in by anybody.
"""

import csv
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lessons import selectors
from lessons.models import Lesson, Status

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones, too: Excel takes them
LESSONS_AT_ONCE = 1000
BYTE_ORDER_MARK = "\ufeff"  # so that Excel reads it as UTF-8


class _Echo:
    """A file that returns what is written to it."""

    def write(self, line: str) -> str:
        return line


def csv_of(lessons: QuerySet[Lesson], zone: Any) -> StreamingHttpResponse:
    """The lessons, times by the clock of `zone`, with their offset."""
    name = f"lessons-{timezone.localtime():%Y-%m-%d-%H%M}.csv"
    response = StreamingHttpResponse(
        _lines(lessons, zone, translation.get_language()), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def safe(value: Any) -> str:
    """A cell that no spreadsheet computes."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _lines(lessons: QuerySet[Lesson], zone: ZoneInfo, language: str) -> Iterator[str]:
    """Written after the view has ended: in the language that the request had, all the same."""
    writer = csv.writer(_Echo())
    with translation.override(language):
        yield BYTE_ORDER_MARK + writer.writerow(
            [_("number"), _("title"), _("status"), _("teacher"), _("students"), _("start"), _("end"), _("version")]
        )
        statuses = {value: str(label) for value, label in Status.choices}
    for lesson in selectors.with_people(lessons).iterator(chunk_size=LESSONS_AT_ONCE):
        students = "; ".join(str(student) for student in lesson.students.all())
        cells = [lesson.title, statuses[lesson.status], lesson.teacher, students]
        times = [
            moment.astimezone(zone).isoformat(timespec="minutes") for moment in (lesson.start_time, lesson.end_time)
        ]
        yield writer.writerow([lesson.pk, *map(safe, cells), *times, lesson.version])
