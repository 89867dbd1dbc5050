"""Who waited for a message that has ended need not wait any longer."""

from collections.abc import Collection

from lessons.sql import execute

# No condition on the time, and in id order: a successor that is being pushed back right now is released after that.
# OFFSET 0: looked for message by message, by the index of unfinished deliveries. Before the first ANALYZE the planner
# would rather walk all that is unfinished, once per batch (270 ms instead of 1 for 200 among 10,000).
FREE = """
WITH waiting AS (
    SELECT s.id FROM lessons_delivery d CROSS JOIN LATERAL (
           SELECT s.id FROM lessons_delivery s
            WHERE s.lesson_id = d.lesson_id AND s.recipient_id = d.recipient_id AND s.channel = d.channel
              AND s.event_id > d.event_id AND s.state IN ('pending', 'leased') AND s.id > 0 OFFSET 0) s
     WHERE d.id = ANY(%(ids)s)
), freed AS (
    SELECT id FROM lessons_delivery
     WHERE id IN (SELECT id FROM waiting)
       AND state IN ('pending', 'leased') AND lease_until IS NULL AND attempt_count = 0
     ORDER BY id FOR UPDATE
)
UPDATE lessons_delivery d SET next_attempt_at = now() FROM freed WHERE d.id = freed.id
"""
FREE_UNLOCKED = FREE.replace("FOR UPDATE", "FOR UPDATE SKIP LOCKED")


def free_successors(ended: Collection[int], *, skip_locked: bool = False) -> int:
    """Make the messages behind the `ended` deliveries due; how many there are.

    `skip_locked`: for the claim, which holds what others wait for, and so waits for nobody. Whoever holds a successor
    is freeing it, too.
    """
    return execute(FREE_UNLOCKED if skip_locked else FREE, ids=sorted(ended)) if ended else 0
