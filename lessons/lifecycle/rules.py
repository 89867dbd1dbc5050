"""What holds for every lesson, whoever asks."""

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lessons.models import Lesson, User

FURTHEST_AWAY_YEARS = 5


class InvalidLesson(Exception):
    """A value that no lesson can have. `field` names it, `code` is for machines, `reason` for people."""

    def __init__(self, field: str, code: str, reason: str | Promise) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.code, self.reason = field, code, reason


def validate_times(lesson: Lesson, start_time: datetime, end_time: datetime) -> None:
    if end_time <= start_time:
        raise InvalidLesson("end_time", "ends_before_start", _("A lesson ends after it starts: set a later end_time."))
    for name, value in (("start_time", start_time), ("end_time", end_time)):
        if not _years_from(lesson.now, -FURTHEST_AWAY_YEARS) <= value <= _years_from(lesson.now, FURTHEST_AWAY_YEARS):
            raise InvalidLesson(name, "too_far_away", _("This is more than five years away: check the year."))


def _years_from(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # February 29th
        return moment.replace(year=moment.year + years, day=28)


def validate_people(lesson: Lesson, *, joining: frozenset[int], new_teacher: bool) -> None:
    """Roles are asked of those who are new to the lesson, in one query each."""
    if lesson.teacher_id in lesson.student_ids:
        raise InvalidLesson("students", "teacher_among_students", _("The teacher cannot be one of the students."))
    if new_teacher and not User.objects.teachers().filter(pk=lesson.teacher_id).exists():
        raise InvalidLesson(
            "teacher", "not_a_teacher", _("%(id)s is not an active teacher.") % {"id": lesson.teacher_id}
        )
    known = set(User.objects.attendees().filter(pk__in=joining).values_list("pk", flat=True)) if joining else set()
    if unknown := sorted(joining - known):
        names = ", ".join(map(str, unknown[:10]))
        raise InvalidLesson(
            "students", "not_a_student", _("Not active students or teachers: %(ids)s.") % {"ids": names}
        )
