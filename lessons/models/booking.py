"""A person is taken for a span of time. Two bookings of one person never overlap: the database refuses."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from lessons.models.change import SavedChange
from lessons.models.user import User
from lessons.sql import execute, fetch

BOOKED = frozenset({"scheduled", "in_progress", "completed"})  # the statuses in which people are taken


@dataclass(frozen=True)
class Clash:
    """Somebody is already booked, by which lesson and when."""

    user_id: int
    lesson_id: int
    start_time: datetime
    end_time: datetime


class SlotConflict(Exception):
    """Somebody is already booked at this time. `clashes` says who and where, for as many as were looked up."""

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__(f"{len({clash.user_id for clash in clashes})} people are already booked at this time.")
        self.clashes = clashes


class Booking(models.Model):
    """Derived by `Lesson.save()` from status, times and people; never written by anything else."""

    lesson = models.ForeignKey("lessons.Lesson", models.CASCADE, related_name="bookings")
    user = models.ForeignKey(User, models.PROTECT, related_name="bookings", db_index=False)
    during = DateTimeRangeField()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        constraints = [
            # A one-person range stands in for equality, which GiST has only by an extension.
            ExclusionConstraint(
                name="booking_no_overlap",
                expressions=[
                    (
                        models.Func(
                            models.F("user"),
                            models.F("user"),
                            models.Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.during}"


def derive_bookings(saved: SavedChange, *, was: str) -> None:
    """Make the bookings fit the saved lesson, which had the status `was` before. Raises `SlotConflict`."""
    lesson = saved.lesson
    books, booked = lesson.status in BOOKED, was in BOOKED
    moved = any(saved.was(name) != saved.became(name) for name in lesson.TIMES)
    if books == booked and not (books and (moved or saved.people_changed)):
        return
    if not books:
        Booking.objects.filter(lesson_id=lesson.pk).delete()
        return
    people = sorted(saved.people_after)
    start, end = saved.became("start_time"), saved.became("end_time")
    if booked:
        # First the locks, in id order, then the rows: a delete that others wait for must not wait for them.
        lock_people(sorted(saved.people_before | saved.people_after))
        Booking.objects.filter(lesson_id=lesson.pk).delete()
    if not book(lesson.pk, people, start, end):
        raise SlotConflict(find_clashes(lesson.pk, people, start, end))


def lock_people(people: list[int]) -> None:
    """Lock people's rows in id order: two lessons that share two people would otherwise deadlock on their bookings."""
    execute(LOCK_PEOPLE, people=people)


LOCK_PEOPLE = "SELECT id FROM lessons_user WHERE id = ANY(%(people)s) ORDER BY id FOR NO KEY UPDATE"

# Who is booked already is passed over, and missing from the count: an error would need a savepoint to go on from.
BOOK = """
WITH locked AS (SELECT id FROM lessons_user WHERE id = ANY(%(people)s) ORDER BY id FOR NO KEY UPDATE)
INSERT INTO lessons_booking (lesson_id, user_id, during)
SELECT %(lesson)s, id, tstzrange(%(start)s, %(end)s) FROM locked
ON CONFLICT DO NOTHING
"""


def book(lesson_id: int, people: list[int], start: datetime, end: datetime) -> bool:
    """Lock the people, as above, and book them. False where somebody is taken: the caller gives up the transaction."""
    return execute(BOOK, people=people, lesson=lesson_id, start=start, end=end) == len(people)


CLASHES = """
SELECT b.user_id, b.lesson_id, lower(b.during), upper(b.during)
  FROM unnest(%(people)s) AS p (id)
  JOIN lessons_booking b ON int8range(b.user_id, b.user_id, '[]') && int8range(p.id, p.id, '[]')
                        AND b.during && tstzrange(%(start)s, %(end)s)
 WHERE b.lesson_id IS DISTINCT FROM %(lesson)s
 ORDER BY b.user_id, b.during
 LIMIT 100
"""


def find_clashes(lesson_id: int | None, people: list[int], start: datetime, end: datetime) -> list[Clash]:
    """Who of `people` is booked by another lesson between `start` and `end`: the first hundred clashes."""
    return [Clash(*row) for row in fetch(CLASHES, people=people, start=start, end=end, lesson=lesson_id)]
