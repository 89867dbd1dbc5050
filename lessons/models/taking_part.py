"""Who takes part in a lesson, by one query."""

from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS

from lessons.models.user import User
from lessons.sql import fetch

if TYPE_CHECKING:
    from lessons.models.lesson import Lesson

FIELDS = ("id", "username", "full_name")

PEOPLE = """
SELECT part.attends, u.id, u.username, u.full_name
  FROM (SELECT user_id AS id, true AS attends FROM lessons_lesson_students WHERE lesson_id = %(lesson)s
         UNION ALL SELECT %(teacher)s, false) AS part
  JOIN lessons_user u USING (id)
 ORDER BY u.id
"""


def load_people(lesson: "Lesson") -> "Lesson":
    """Fetch teacher and students, with the fields by which they are shown. Whoever asks the lesson later finds them."""
    rows = fetch(PEOPLE, lesson=lesson.pk, teacher=lesson.teacher_id)
    people = [(attends, User.from_db(DEFAULT_DB_ALIAS, FIELDS, row)) for attends, *row in rows]
    lesson.teacher = next(person for attends, person in people if not attends)
    lesson.remember_attendees([person for attends, person in people if attends])
    return lesson


def has_people(lesson: "Lesson") -> bool:
    """Whether teacher and students have been loaded already."""
    return "teacher" in lesson._state.fields_cache and lesson.knows_attendees
