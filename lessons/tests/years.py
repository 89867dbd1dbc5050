"""A school that has been at it for years, at a size at which PostgreSQL has the choice between index and walk."""

import json
from typing import Any

from django.db import connection

from lessons.models import User
from lessons.tests.people import tomorrow

LESSONS = 5000
HISTORY = """
WITH made AS (
    INSERT INTO lessons_lesson (title, description, teacher_id, start_time, end_time, status, version, created_at,
                                updated_at)
    SELECT 'Algebra ' || n, '', %(teacher)s, %(at)s + n * interval '1 hour', %(at)s + n * interval '1 hour 1 minute',
           'completed', 1, now(), now()
      FROM generate_series(1, %(lessons)s) AS n
    RETURNING *
), attended AS (
    INSERT INTO lessons_lesson_students (lesson_id, user_id) SELECT id, %(student)s FROM made
), recorded AS (
    INSERT INTO lessons_lessonevent (lesson_id, seq, name, source, target, reason, request_id, recipients, occasion,
                                     start_time, snapshot)
    SELECT id, 1, 'completed', '', '', '', '', '{}', '', start_time, '{}' FROM made
    RETURNING id, lesson_id
), dispatched AS (
    INSERT INTO lessons_dispatch (event_id, lesson_id, created_at, expanded_at, settled_at, total, sent, dead, skipped)
    SELECT id, lesson_id, past, past, past, 2, 2, 0, 0
      FROM recorded CROSS JOIN (SELECT now() - interval '200 days') AS p (past)
)
INSERT INTO lessons_delivery (event_id, lesson_id, recipient_id, channel, attempt_limit, state)
SELECT id, lesson_id, %(teacher)s, channel, 8, CASE id %% 500 WHEN 0 THEN 'dead' WHEN 1 THEN 'skipped' ELSE 'sent' END
  FROM recorded CROSS JOIN unnest(ARRAY['log', 'email', 'sms']) AS channel
"""
BURST = """
WITH recorded AS (
    INSERT INTO lessons_lessonevent (lesson_id, seq, name, source, target, reason, request_id, recipients, occasion,
                                     start_time, snapshot)
    SELECT id, 2, 'completed', '', '', '', '', '{}', '', start_time, '{}' FROM lessons_lesson
    RETURNING id, lesson_id
), dispatched AS (
    INSERT INTO lessons_dispatch (event_id, lesson_id, expanded_at)
    SELECT id, lesson_id, CASE WHEN id % 2 = 0 THEN now() END FROM recorded
)
INSERT INTO lessons_delivery (event_id, lesson_id, recipient_id, channel, attempt_limit, state)
SELECT r.id, r.lesson_id, l.teacher_id, 'log', 8, CASE r.id % 4 WHEN 0 THEN 'leased' ELSE 'pending' END
  FROM recorded r JOIN lessons_lesson l ON l.id = r.lesson_id WHERE r.id % 2 = 0
"""
ANALYZE = """
ANALYZE lessons_lesson, lessons_lesson_students, lessons_lessonevent, lessons_dispatch, lessons_delivery, lessons_user
"""


def years_pass(teacher: User, student: User) -> None:
    """Lessons of these two, each completed long ago, and told over three channels; few messages died."""
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"teacher": teacher.pk, "student": student.pk, "at": tomorrow(), "lessons": LESSONS})
        cursor.execute(ANALYZE)


def morning_comes() -> None:
    """All at once each of the lessons has something to tell, and PostgreSQL goes by what it saw in the quiet night."""
    with connection.cursor() as cursor:
        cursor.execute(BURST)


def plan_of(statement: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    """What PostgreSQL would do, as nested nodes."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return dict(plan[0]["Plan"])


def scans_of(node: dict[str, Any], table: str) -> list[tuple[str, str]]:
    """How a table is read somewhere below this node: by which index ("" for none), and with which condition on it."""
    scans = [scan for child in node.get("Plans", ()) for scan in scans_of(child, table)]
    if node.get("Relation Name") == table and "Scan" in node["Node Type"]:
        scans.append((node.get("Index Name", ""), node.get("Index Cond", "")))
    return scans


def read_as_a_whole(node: dict[str, Any]) -> set[str]:
    """The tables that grow and are scanned from end to end somewhere below this node."""
    found = set().union(*(read_as_a_whole(child) for child in node.get("Plans", ())))
    table = node.get("Relation Name", "")
    if "Seq Scan" in node["Node Type"] and table not in {"lessons_channel", "lessons_chordrun"}:
        found.add(table)
    return found
