"""A channel's circuit: when the provider as a whole is away, its messages wait without burning attempts."""

from collections.abc import Sequence

from django.conf import settings

from lessons.sql import execute, fetch

FAILURES_IN_A_ROW, FROM_RECIPIENTS = 3, 2

CLEAR = """
UPDATE lessons_channel SET open_until = NULL, failing_recipients = '{}'
 WHERE name = %(name)s AND (open_until IS NOT NULL OR failing_recipients <> '{}')
"""

# The last few are enough to judge by.
NOTE = """
UPDATE lessons_channel SET failing_recipients = (failing_recipients || %(failed)s::bigint[])[
           greatest(1, cardinality(failing_recipients) + cardinality(%(failed)s::bigint[]) - 9):]
 WHERE name = %(name)s
RETURNING failing_recipients
"""

OPEN = "UPDATE lessons_channel SET open_until = now() + %(seconds)s * interval '1 second' WHERE name = %(name)s"


def note_success(name: str) -> bool:
    """A message went out: the channel works. True where it had been in doubt."""
    return execute(CLEAR, name=name) > 0


def note_failures(name: str, recipients: Sequence[int]) -> bool:
    """Suspicious failures, the latest last. True where these and those before mean that the channel is down."""
    rows = fetch(NOTE, name=name, failed=list(recipients))
    failing = rows[0][0] if rows else []
    return len(failing) >= FAILURES_IN_A_ROW and len(set(failing)) >= FROM_RECIPIENTS


def open_circuit(name: str) -> None:
    """Leave the channel alone for a while; after that one delivery at a time probes it, until one goes out."""
    execute(OPEN, name=name, seconds=settings.TIMING.circuit)
