"""Lessons made by a few statements, as if they had been created one by one."""

from benchmarks.people import FIRST_STUDENT, TEACHERS
from benchmarks.rig import Database

# A minute each, one after the other: nobody is ever in two of them.
OURS = f"""
WITH made AS (
    INSERT INTO lessons_lesson (title, description, teacher_id, start_time, end_time, status, version, created_at,
                                updated_at)
    SELECT 'Lesson ' || n, '', 1 + n %% {TEACHERS}, at, at + interval '1 minute', 'draft', 1, now(), now()
      FROM generate_series(1, %(number)s) AS n
     CROSS JOIN LATERAL (SELECT now() + interval '30 days' + (%(made)s + n) * interval '1 minute' AS at) AS moment
    RETURNING *
), attended AS (
    INSERT INTO lessons_lesson_students (lesson_id, user_id)
    SELECT id, {FIRST_STUDENT} + (id * %(students)s + n) %% 1000
      FROM made CROSS JOIN generate_series(1, %(students)s) AS n
), recorded AS (
    INSERT INTO lessons_lessonevent (lesson_id, seq, name, source, target, actor_id, reason, request_id, recipients,
                                     occasion, start_time, snapshot)
    SELECT id, 1, 'created', '', 'draft', teacher_id, '', '', '{{}}', '', start_time,
           jsonb_build_object('title', title, 'teacher', teacher_id, 'start_time', start_time, 'end_time', end_time)
      FROM made
)
SELECT id, teacher_id FROM made ORDER BY id
"""

PLAIN = f"""
WITH made AS (
    INSERT INTO plain_lesson (title, teacher_id, start_time, end_time, status)
    SELECT 'Lesson ' || n, 1 + n %% {TEACHERS}, now(), now() + interval '1 minute', 'draft'
      FROM generate_series(1, %(number)s) AS n
    RETURNING *
), attended AS (
    INSERT INTO plain_lesson_students (lesson_id, person_id)
    SELECT id, {FIRST_STUDENT} + (id * %(students)s + n) %% 1000
      FROM made CROSS JOIN generate_series(1, %(students)s) AS n
)
SELECT id, teacher_id FROM made ORDER BY id
"""

# Events of one lesson each that wait to be expanded: (recipients apart, they are like those of a lesson's end).
EVENTS = f"""
WITH made AS (
    INSERT INTO lessons_lesson (title, description, teacher_id, start_time, end_time, status, version, created_at,
                                updated_at)
    SELECT 'Lesson ' || n, '', 1 + n %% {TEACHERS}, now(), now() + interval '1 minute', 'completed', 1, now(), now()
      FROM generate_series(1, %(events)s) AS n
    RETURNING *
), recorded AS (
    INSERT INTO lessons_lessonevent (lesson_id, seq, name, source, target, actor_id, reason, request_id, recipients,
                                     occasion, start_time, snapshot)
    SELECT id, 1, 'completed', 'in_progress', 'completed', teacher_id, '', '',
           ARRAY(SELECT {FIRST_STUDENT} + (id * %(size)s + n) %% 100000 FROM generate_series(1, %(size)s) AS n), '',
           start_time,
           jsonb_build_object('title', title, 'teacher', teacher_id, 'start_time', start_time, 'end_time', end_time)
      FROM made
    RETURNING id, lesson_id
)
INSERT INTO lessons_dispatch (event_id, lesson_id) SELECT id, lesson_id FROM recorded RETURNING event_id
"""


def make_lessons(database: Database, number: int, *, students: int = 1, plain: bool = False) -> list[tuple[int, int]]:
    """Drafts of a teacher and so many students; the ids of each and of its teacher."""
    if plain:
        return [tuple(row) for row in database.query(PLAIN, number=number, students=students)]
    made = database.value("SELECT count(*) FROM lessons_lesson")
    return [tuple(row) for row in database.query(OURS, number=number, students=students, made=made)]


def make_events(database: Database, *, events: int, size: int) -> list[int]:
    """So many events with `size` recipients each, their dispatches waiting for the relay; the dispatches' ids."""
    return [row[0] for row in database.query(EVENTS, events=events, size=size)]
