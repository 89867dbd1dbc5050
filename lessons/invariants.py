"""What must hold of the rows at any time, whatever was done. `manage.py check_invariants` asks a restored backup.

One statement each, that finds what breaks it; none of them locks anything or changes with what is under way.
docs/reliability.md has the promises behind them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection

SHOWN = 5


class Invariant(NamedTuple):
    name: str
    statement: str  # the ids of what breaks it


class Broken(NamedTuple):
    name: str
    number: int
    examples: list[str]

    def __str__(self) -> str:
        more = ", …" if self.number > len(self.examples) else ""
        return f"{self.name}: {self.number} ({', '.join(self.examples)}{more})"


INVARIANTS = (
    Invariant(
        "a lesson's version is the number of its events",
        """
        SELECT l.id FROM lessons_lesson l
          LEFT JOIN lessons_lessonevent e ON e.lesson_id = l.id AND e.seq IS NOT NULL
         GROUP BY l.id HAVING count(e.id) <> l.version OR coalesce(max(e.seq), 0) <> l.version
        """,
    ),
    Invariant(
        "a lesson's history has no gap and ends where the lesson is",
        """
        SELECT DISTINCT lesson_id FROM (
               SELECT e.lesson_id, e.source, e.target, l.status,
                      lag(e.target) OVER w AS before, lead(e.id) OVER w AS after
                 FROM lessons_lessonevent e JOIN lessons_lesson l ON l.id = e.lesson_id
                WHERE e.seq IS NOT NULL WINDOW w AS (PARTITION BY e.lesson_id ORDER BY e.seq)) chain
         WHERE (before IS NOT NULL AND before <> source) OR (after IS NULL AND target <> status)
        """,
    ),
    Invariant(
        "an event that tells somebody has its dispatch",
        """
        SELECT e.id FROM lessons_lessonevent e
         WHERE cardinality(e.recipients) > 0
           AND NOT EXISTS (SELECT 1 FROM lessons_dispatch d WHERE d.event_id = e.id)
        """,
    ),
    Invariant(
        "everybody is booked exactly for the lessons that take their time, at their times",
        """
        SELECT l.id FROM lessons_lesson l
         WHERE (SELECT count(*) FROM lessons_booking b WHERE b.lesson_id = l.id)
               <> CASE WHEN l.status IN ('scheduled', 'in_progress', 'completed')
                       THEN 1 + (SELECT count(*) FROM lessons_lesson_students s WHERE s.lesson_id = l.id) ELSE 0 END
            OR EXISTS (SELECT 1 FROM lessons_booking b
                        WHERE b.lesson_id = l.id AND b.during <> tstzrange(l.start_time, l.end_time))
        """,
    ),
    Invariant(
        "nobody is in two places at once",
        """
        SELECT DISTINCT a.user_id FROM lessons_booking a
          JOIN lessons_booking b ON b.user_id = a.user_id AND b.id > a.id AND b.during && a.during
        """,
    ),
    Invariant(
        "a message is about its event's lesson",
        """
        SELECT d.id FROM lessons_delivery d JOIN lessons_lessonevent e ON e.id = d.event_id
         WHERE d.lesson_id <> e.lesson_id
        """,
    ),
    Invariant(
        "attempts are numbered without gaps, and within the limit",
        """
        SELECT d.id FROM lessons_delivery d LEFT JOIN lessons_deliveryattempt a ON a.delivery_id = d.id
         GROUP BY d.id
        HAVING count(a.id) <> d.attempt_count - (d.state = 'leased' AND d.taken_at IS NOT NULL)::int
            OR coalesce(max(a.number), 0) <> count(a.id) OR d.attempt_count > d.attempt_limit
        """,
    ),
    Invariant(
        "what is sent has a successful attempt",
        """
        SELECT d.id FROM lessons_delivery d
         WHERE d.state = 'sent' AND NOT EXISTS (
               SELECT 1 FROM lessons_deliveryattempt a WHERE a.delivery_id = d.id AND a.outcome = 'sent')
        """,
    ),
    Invariant(
        "a settled dispatch has nothing unfinished",
        """
        SELECT d.event_id FROM lessons_dispatch d
         WHERE d.settled_at IS NOT NULL AND EXISTS (
               SELECT 1 FROM lessons_delivery x
                WHERE x.lesson_id = d.lesson_id AND x.event_id = d.event_id
                  AND x.state IN ('pending', 'leased') AND x.id > 0)
        """,
    ),
)


def broken() -> Iterator[Broken]:
    """Those that do not hold, with a few of the rows that break them."""
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(invariant.statement)
            ids = [str(row[0]) for row in cursor.fetchall()]
            if ids:
                yield Broken(invariant.name, len(ids), ids[:SHOWN])
