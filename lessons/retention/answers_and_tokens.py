"""What the API keeps for a while: answers to be replayed, and who has which refresh token."""

from collections.abc import Iterator

from lessons.models.idempotency import KEPT_FOR
from lessons.retention.batches import in_batches

DELETE_ANSWERS = """
DELETE FROM lessons_idempotencyrecord WHERE id IN (
       SELECT id FROM lessons_idempotencyrecord WHERE created_at < now() - %(kept_for)s
        ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""

# Of tokens that have expired nobody has to know whether they were used before.
DELETE_TOKENS = """
WITH expired AS (
    SELECT id FROM token_blacklist_outstandingtoken WHERE expires_at < now() LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), used AS (
    DELETE FROM token_blacklist_blacklistedtoken WHERE token_id IN (SELECT id FROM expired)
)
DELETE FROM token_blacklist_outstandingtoken WHERE id IN (SELECT id FROM expired)
"""


def remove_answers() -> Iterator[int]:
    """Those that are not replayed any more. Batch by batch, how many were removed."""
    return in_batches(DELETE_ANSWERS, kept_for=KEPT_FOR)


def remove_tokens() -> Iterator[int]:
    """Those that have expired. Batch by batch, how many were removed."""
    return in_batches(DELETE_TOKENS)
