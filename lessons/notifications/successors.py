"""Who waited for a message that has ended need not wait any longer."""

from collections.abc import Collection

from lessons.notifications.sql import execute

# No condition on the time, and in id order: a successor that is being pushed back right now is released after that.
# Pending in the words of the index of unfinished deliveries: before the first ANALYZE the planner would prefer to walk
# all that is due (270 ms instead of 1 for a batch of 200 among 10,000).
FREE = """
WITH freed AS (
    SELECT s.id FROM lessons_delivery d
      JOIN lessons_delivery s ON s.lesson_id = d.lesson_id AND s.recipient_id = d.recipient_id AND s.channel = d.channel
                             AND s.event_id > d.event_id AND s.attempt_count = 0
                             AND s.state IN ('pending', 'leased') AND s.lease_until IS NULL
     WHERE d.id = ANY(%(ids)s)
     ORDER BY s.id FOR UPDATE OF s
)
UPDATE lessons_delivery d SET next_attempt_at = now() FROM freed WHERE d.id = freed.id
"""
FREE_UNLOCKED = FREE.replace("FOR UPDATE OF s", "FOR UPDATE OF s SKIP LOCKED")


def free_successors(ended: Collection[int], *, skip_locked: bool = False) -> int:
    """Make the messages behind the `ended` deliveries due; how many there are.

    `skip_locked`: for the claim, which holds what others wait for, and so waits for nobody. Whoever holds a successor
    is freeing it, too.
    """
    return execute(FREE_UNLOCKED if skip_locked else FREE, ids=sorted(ended)) if ended else 0
