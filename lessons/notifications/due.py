"""On which channels something is due. One row of the index answers, however much waits."""

from collections.abc import Iterable

from lessons.notifications.sql import fetch

DUE = """
SELECT c.name FROM unnest(%(names)s::text[]) AS c (name)
 WHERE EXISTS (SELECT 1 FROM lessons_delivery d
                WHERE d.channel = c.name AND d.state = 'pending' AND d.next_attempt_at <= now())
"""


def due_names(names: Iterable[str]) -> list[str]:
    """Those of the channels' `names` on which something is due now, by the database's clock."""
    return [name for (name,) in fetch(DUE, names=list(names))]
