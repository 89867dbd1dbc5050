"""Reads for whoever plans the day: lessons by day and week, what is overdue, and who would be in two places at once."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from lessons import selectors
from lessons.models import Lesson, LessonEvent, Status, User
from lessons.models.booking import Clash, find_clashes
from lessons.policies import sees_everything
from lessons.sql import fetch

OVERDUE_FOR_AT_MOST = timedelta(days=30)
LESSONS_COUNTED = 10_000
A_WEEK = timedelta(days=8)

# Per day an index scan that stops: a school with more lessons than that in a day knows that it is busy.
PER_DAY = """
SELECT d.day, (SELECT count(*) FROM (
           SELECT 1 FROM lessons_lesson l
            WHERE l.start_time >= d.day AND l.start_time < d.next
              AND l.status IN ('scheduled', 'in_progress', 'completed')
            LIMIT %(limit)s) x)
  FROM unnest(%(days)s::timestamptz[], %(nexts)s::timestamptz[]) AS d (day, next)
 ORDER BY d.day
"""


def parse_day(text: str) -> date | None:
    """A day as it stands in an address, with a week to either side of it; None for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min + A_WEEK < day < date.max - A_WEEK else None


def midnight(day: date) -> datetime:
    """The beginning of a day by the reader's clock."""
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware right here


def between_days(first: date, last: date) -> Q:
    """From the beginning of one day to the end of another."""
    return Q(start_time__gte=midnight(first), start_time__lt=midnight(last + timedelta(days=1)))


def lessons_of_day(person: User, day: date) -> QuerySet[Lesson]:
    """Those that the person may see, earliest first; the cancelled ones left out."""
    lessons = selectors.visible_lessons(person).filter(between_days(day, day)).exclude(status=Status.CANCELLED)
    return lessons.select_related("teacher").order_by("start_time", "id")


def overdue_lessons(person: User, *, limit: int) -> list[Lesson]:
    """The latest that should have started or ended; what has been so for a month is not news any more.

    Asked for one by one, each has an index; asked for together, all lessons to come would be looked through first.
    """
    late = timezone.now() - timedelta(minutes=settings.OVERDUE_AFTER_MINUTES)
    long_ago = late - OVERDUE_FOR_AT_MOST
    lessons = selectors.visible_lessons(person).select_related("teacher")
    not_started = lessons.filter(status=Status.SCHEDULED, start_time__lt=late, start_time__gt=long_ago)
    not_ended = lessons.filter(status=Status.IN_PROGRESS, end_time__lt=late, end_time__gt=long_ago)
    found = [*not_started.order_by("-start_time", "-id")[:limit], *not_ended.order_by("-end_time")[:limit]]
    return sorted(found, key=lambda lesson: (lesson.start_time, lesson.pk), reverse=True)[:limit]


def latest_changes(person: User) -> QuerySet[LessonEvent]:
    """What happened last to the lessons that the person may see."""
    events = LessonEvent.objects.select_related("lesson", "actor", "dispatch").order_by("-id")
    return events if sees_everything(person) else events.filter(lesson__in=selectors.visible_lessons(person))


def lessons_per_day(*, days: int) -> list[tuple[datetime, int]]:
    """How many are on, for today and the days after it."""
    today = timezone.localdate()
    mornings = [midnight(today + timedelta(days=n)) for n in range(days + 1)]
    rows = fetch(PER_DAY, days=mornings[:-1], nexts=mornings[1:], limit=LESSONS_COUNTED)
    return [(moment, number) for moment, number in rows]


def clashes_at(lesson: Lesson, *, start_time: datetime, end_time: datetime) -> list[Clash]:
    """Who of the lesson's people is booked by another one then. A reading: somebody may still be quicker."""
    return find_clashes(lesson.pk, sorted(lesson.student_ids | {lesson.teacher_id}), start_time, end_time)
