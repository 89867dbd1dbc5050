"""A school that has been at it for years: lessons, their events, and what was delivered, made set-based.

A lesson a minute; two deliveries each. People are in as many lessons however large it is, but for the teachers, of whom
there are always as many; the last one is new, and teaches five.
"""

from benchmarks.people import FIRST_STUDENT, TEACHERS
from benchmarks.rig import Database

DUE = 200  # deliveries that wait to be claimed
LESSONS_PER_STUDENT = 20
BEHIND, A_WEEK = 10_000, 7 * 24 * 60  # lessons; minutes

STATEMENTS = (
    f"""
    INSERT INTO lessons_lesson (title, description, teacher_id, start_time, end_time, status, version, created_at,
                                updated_at)
    SELECT CASE n WHEN 1 THEN 'Astronomy' ELSE (ARRAY['Algebra', 'Geometry', 'History', 'Physics', 'Chemistry'])
                  [1 + n %% 5] || ' ' || n END, '',
           CASE WHEN n <= 5 THEN {TEACHERS} ELSE 1 + n %% {TEACHERS - 1} END, at, at + interval '1 minute',
           CASE WHEN at < now() - interval '1 hour' THEN CASE n %% 10 WHEN 0 THEN 'cancelled' ELSE 'completed' END
                WHEN at < now() THEN 'in_progress'
                WHEN n %% 10 = 0 THEN 'draft' ELSE 'scheduled' END, 1, at - interval '30 days', now()
      FROM generate_series(1, %(lessons)s) AS n
     CROSS JOIN LATERAL (SELECT now() + (n - %(lessons)s + %(ahead)s) * interval '1 minute' AS at) AS moment
    """,
    f"""
    INSERT INTO lessons_lesson_students (lesson_id, user_id)
    SELECT id, {FIRST_STUDENT} + id %% (%(lessons)s / {LESSONS_PER_STUDENT}) FROM lessons_lesson
    """,
    """
    INSERT INTO lessons_lessonevent (lesson_id, seq, name, source, target, reason, request_id, recipients, occasion,
                                     start_time, snapshot, created_at)
    SELECT l.id, 1, 'scheduled', 'draft', 'scheduled', '', '', ARRAY[l.teacher_id, s.user_id], '', l.start_time,
           jsonb_build_object('title', title, 'teacher', l.teacher_id, 'start_time', start_time, 'end_time', end_time),
           l.created_at
      FROM lessons_lesson l JOIN lessons_lesson_students s ON s.lesson_id = l.id
    """,
    """
    INSERT INTO lessons_dispatch (event_id, lesson_id, created_at, expanded_at, settled_at, total, sent, dead, skipped)
    SELECT id, lesson_id, created_at, created_at, created_at, 2, 2, 0, 0 FROM lessons_lessonevent
    """,
    """
    INSERT INTO lessons_chordrun (id, channel, state, size, delivery_count, task_ids, report, started_at, closed_at)
    SELECT gen_random_uuid(), 'log', 'closed', 1, 200, '{}', '{}', now() - n * interval '1 minute',
           now() - n * interval '1 minute'
      FROM generate_series(1, %(lessons)s / 100) AS n
    """,
    """
    INSERT INTO lessons_delivery (event_id, lesson_id, recipient_id, channel, attempt_limit, attempt_count, state,
                                  sent_at, created_at, next_attempt_at)
    SELECT e.id, e.lesson_id, r.id, (ARRAY['log', 'email', 'sms'])[1 + e.id %% 3], 8, 1,
           CASE WHEN e.id %% 200 = 0 THEN 'dead' WHEN e.id %% 50 = 0 THEN 'skipped' ELSE 'sent' END,
           e.created_at, e.created_at, e.created_at
      FROM lessons_lessonevent e CROSS JOIN unnest(e.recipients) AS r (id)
    """,
    """
    INSERT INTO lessons_deliveryattempt (delivery_id, number, started_at, ended_at, outcome, error)
    SELECT id, 1, created_at, created_at, 'sent', '' FROM lessons_delivery WHERE state = 'sent'
    """,
    """
    UPDATE lessons_delivery SET state = 'pending', attempt_count = 0, sent_at = NULL, next_attempt_at = now()
     WHERE id IN (SELECT id FROM lessons_delivery WHERE channel = 'log' ORDER BY id DESC LIMIT %(due)s)
    """,
    "INSERT INTO lessons_channel (name, \"window\") VALUES ('log', 10000), ('email', 200), ('sms', 12)",
    "VACUUM ANALYZE",
)

# Of rows that are made by the statements above, the references need no check.
HASTE = "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'"


def grow(database: Database, lessons: int) -> None:
    """So many lessons, half of them still to come, and twice as many deliveries, some of them due."""
    _grow(database, lessons=lessons, ahead=lessons // 2, due=DUE)


def grow_calm(database: Database) -> None:
    """Some lessons, all of them over, everybody told. Whoever begins with none measures how PostgreSQL finds its way
    in tables of which it was told that they are empty: from front to back, for as long as a connection lives."""
    _grow(database, lessons=BEHIND, ahead=-A_WEEK, due=0)


def _grow(database: Database, **parameters: int) -> None:
    database.query(HASTE)
    for statement in STATEMENTS:
        database.query(statement, **parameters)
    database.close()  # its haste is nobody else's
