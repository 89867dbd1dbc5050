"""The relay's statements walk an index, at a size at which the planner has the choice."""

import json
from typing import Any

import pytest
from django.db import connection

from lessons.models import Lesson, User
from lessons.notifications import claim, due, prune, reap, reminders
from lessons.tests.people import tomorrow

pytestmark = pytest.mark.django_db

LESSONS = 5000
HISTORY = """
WITH made AS (
    INSERT INTO lessons_lesson (title, description, teacher_id, start_time, end_time, status, version, created_at,
                                updated_at)
    SELECT 'Algebra', '', %(teacher)s, %(at)s + n * interval '1 hour', %(at)s + n * interval '1 hour 1 minute',
           'completed', 1, now(), now()
      FROM generate_series(1, %(lessons)s) AS n
    RETURNING *
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
SELECT id, lesson_id, %(teacher)s, channel, 8, 'sent'
  FROM recorded CROSS JOIN unnest(ARRAY['log', 'email', 'sms']) AS channel
"""


@pytest.fixture
def history(alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"teacher": alice.pk, "at": tomorrow(), "lessons": LESSONS})
        cursor.execute("ANALYZE lessons_lesson, lessons_lessonevent, lessons_dispatch, lessons_delivery")
    assert Lesson.objects.count() == LESSONS


STATEMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "due channels": (due.DUE, {"names": ["log", "sms"]}),
    "candidates": (claim.CANDIDATES, {"name": "log", "limit": 200}),
    "in flight": (claim.LOCK_CHANNEL.partition(";")[2], {"name": "log"}),
    "anything lost": (reap.ANYTHING, {"grace": 20}),
    "expired leases": (reap.TAKE_BACK, {"limit": 1000}),
    "to be pruned": (
        prune.OUTDATED,
        {"after": "-infinity", "after_event": 0, "days": 90, "dead_days": 365, "limit": 200},
    ),
    "reminders": (
        reminders.DUE.format(status="scheduled", column="start_time"),
        {
            "now": None,
            "offset": reminders.occasions()[0].offset,
            "patience": reminders.REMINDER_PATIENCE,
            "event": "reminder",
            "occasion": "-24h",
            "limit": 500,
        },
    ),
}


def test_no_table_that_grows_is_read_as_a_whole(history: None) -> None:
    whole = {name: read_as_a_whole(plan_of(*statement)) for name, statement in STATEMENTS.items()}

    assert not {name: tables for name, tables in whole.items() if tables}


def plan_of(statement: str, parameters: dict[str, Any]) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return dict(plan[0]["Plan"])


def read_as_a_whole(node: dict[str, Any]) -> set[str]:
    """The tables that grow and are scanned from end to end somewhere below this node."""
    found = set().union(*(read_as_a_whole(child) for child in node.get("Plans", ())))
    table = node.get("Relation Name", "")
    if "Seq Scan" in node["Node Type"] and table not in {"lessons_channel", "lessons_chordrun"}:
        found.add(table)
    return found
