"""One delivery as the page of its dispatch shows it: to whom, how far, and every attempt."""

from dataclasses import dataclass
from typing import Any

from lessons.admin import markup, words
from lessons.models import Delivery, DeliveryAttempt, DeliveryState


@dataclass(frozen=True)
class Try:
    attempt: DeliveryAttempt

    @property
    def chip(self) -> str:
        return markup.chip(self.attempt.outcome, self.attempt.get_outcome_display())

    @property
    def error(self) -> str:
        return words.reason(self.attempt.error)

    @property
    def took(self) -> str:
        attempt = self.attempt
        return markup.seconds((attempt.ended_at - attempt.started_at).total_seconds() if attempt.ended_at else None)


@dataclass(frozen=True)
class Told:
    delivery: Delivery
    tries: list[Try]

    @property
    def chip(self) -> str:
        return markup.chip(self.delivery.state, self.delivery.get_state_display())

    @property
    def channel(self) -> str:
        return words.channel(self.delivery.channel)

    @property
    def is_dead(self) -> bool:
        return self.delivery.state == DeliveryState.DEAD

    @property
    def note(self) -> str:
        """Why not, where it was not sent."""
        return "" if self.delivery.state == DeliveryState.SENT else words.reason(self.delivery.last_error)

    @property
    def next_try(self) -> Any:
        return self.delivery.next_attempt_at if self.delivery.state == DeliveryState.PENDING else None


def told(delivery: Delivery) -> Told:
    """Its attempts have been fetched with it."""
    return Told(delivery, [Try(attempt) for attempt in delivery.attempts.all()])
