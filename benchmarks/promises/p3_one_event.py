"""P3: one event to many, against a chord of one task per recipient, and against the bare SQL for the same rows."""

import time

from benchmarks.broadcasts import ours, plain
from benchmarks.lessons import make_events
from benchmarks.measure import Figure, Row, by_turns, ratio
from benchmarks.rig import Database, Rig
from benchmarks.sides import our_database
from lessons.tests.trials import Scale

# What a delivery goes through, row for row as we write it: pending, leased, taken, sent, with its attempt.
SAME_ROWS = (
    """
    INSERT INTO lessons_delivery (event_id, lesson_id, recipient_id, channel, attempt_limit)
    SELECT d.event_id, d.lesson_id, u.id, 'log', 8
      FROM lessons_dispatch d JOIN lessons_lessonevent e ON e.id = d.event_id
     CROSS JOIN unnest(e.recipients) AS r (id) JOIN lessons_user u ON u.id = r.id
     WHERE d.event_id = %(event)s
    """,
    "UPDATE lessons_dispatch SET expanded_at = now() WHERE event_id = %(event)s",
    """
    INSERT INTO lessons_chordrun (id, channel, state, size, delivery_count, task_ids, report)
    VALUES (gen_random_uuid(), 'log', 'running', 50, 10000, '{}', '{}')
    """,
    """
    UPDATE lessons_delivery d SET state = 'leased', run_id = r.id, batch = 0, lease_until = now() + interval '20 s'
      FROM lessons_chordrun r WHERE r.closed_at IS NULL AND d.event_id = %(event)s
    """,
    """
    UPDATE lessons_delivery SET taken_at = now(), attempt_count = 1, lease_until = now() + interval '90 s'
     WHERE event_id = %(event)s
    """,
    """
    UPDATE lessons_delivery SET state = 'sent', sent_at = now(), taken_at = NULL, lease_until = NULL
     WHERE event_id = %(event)s
    """,
    """
    INSERT INTO lessons_deliveryattempt (delivery_id, number, started_at, ended_at, outcome, error, run_id, task_id)
    SELECT id, 1, now(), now(), 'sent', '', run_id, gen_random_uuid() FROM lessons_delivery WHERE event_id = %(event)s
    """,
    """
    UPDATE lessons_dispatch SET settled_at = now(), total = n.total, sent = n.sent, dead = 0, skipped = 0
      FROM (SELECT count(*) AS total, count(*) FILTER (WHERE state = 'sent') AS sent
              FROM lessons_delivery WHERE event_id = %(event)s) AS n
     WHERE event_id = %(event)s
    """,
    "UPDATE lessons_chordrun SET closed_at = now(), state = 'closed' WHERE closed_at IS NULL",
)
WARM_UP = 100


def measure(rig: Rig, scale: Scale) -> list[Row]:
    recipients, rounds = scale.of(500, 10_000), scale.of(2, 3)
    with ours(rig) as us, plain(rig) as yardstick, our_database(rig, "sql") as sql:
        us.tell(events=8, size=WARM_UP)  # connections, imports; the chord's whole size would take too long for that
        yardstick.tell_by_chord(WARM_UP)
        told = by_turns(
            rounds,
            {
                "ours": lambda: us.tell(events=1, size=recipients),
                "sql": lambda: _bare_sql(sql, recipients),
                "chord": lambda: yardstick.tell_by_chord(recipients),
            },
            warm_up=False,
        )
    sides = {name: Figure(tuple(seconds), "s") for name, seconds in told.items()}
    return [
        Row(
            name="P3",
            measure=f"one event to {recipients:,} recipients, against a chord of one task each",
            ratio=ratio(told["chord"], told["ours"]),
            threshold=scale.of(5.0, 25.0),
            at_least=True,
            sides={"ours": sides["ours"], "chord": sides["chord"]},
        ),
        Row(
            name="P3",
            measure=f"one event to {recipients:,} recipients, against the bare SQL for the same rows",
            ratio=ratio(told["ours"], told["sql"]),
            threshold=scale.of(8.0, 2.5),
            at_least=False,
            sides={"ours": sides["ours"], "bare SQL": sides["sql"]},
        ),
    ]


def _bare_sql(database: Database, recipients: int) -> float:
    (event,) = make_events(database, events=1, size=recipients)
    began = time.perf_counter()
    for statement in SAME_ROWS:
        database.query(statement, event=event)
    return time.perf_counter() - began
