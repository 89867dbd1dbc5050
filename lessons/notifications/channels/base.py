"""What a channel is: it takes messages and says of each how it went. It decides nothing about retries."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from structlog.contextvars import bind_contextvars, reset_contextvars

from lessons.notifications.messages import Message, Recipient
from lessons.request_id import current_request_id

logger = logging.getLogger("lessons.notifications.channels")


class SendError(Exception):
    """A message that did not go out, as far as the channel knows.

    `permanent`      trying again is pointless (no such number, refused by the provider)
    `retry_after`    seconds the provider asks us to wait
    `channel_down`   not this message's fault: the provider as a whole is away (refused, 503)
    `suspicious`     may be the message's or the provider's fault (5xx, time-out): several in a row mean the latter
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        channel_down: bool = False,
        suspicious: bool = False,
    ) -> None:
        super().__init__(text)
        self.permanent, self.retry_after = permanent, retry_after
        self.channel_down, self.suspicious = channel_down, suspicious


@dataclass(frozen=True)
class Sent:
    """The provider took the message, and calls it `provider_id` ("" where it gives none)."""

    provider_id: str = ""


@contextmanager
def about(message: Message) -> Iterator[None]:
    """What is logged or raised inside belongs to this message, and to the request that brought it about."""
    event = message.event
    request = current_request_id.set(event.request_id or current_request_id.get())
    bound = bind_contextvars(
        delivery=message.delivery_id, attempt=message.attempt, lesson=event.lesson_id, event=event.id
    )
    try:
        yield
    finally:
        reset_contextvars(**bound)
        current_request_id.reset(request)


class Channel(ABC):
    """One way to reach people. A subclass is one file, and one line in the registry."""

    name: ClassVar[str]
    address_field: ClassVar[str | None] = None  # phone or email: without it nobody is reached
    batch_size: ClassVar[int] = 1  # messages per header task
    # Most deliveries in flight: what the channel's workers finish well within the launch lease.
    window: ClassVar[int] = 12

    @abstractmethod
    def send(self, message: Message) -> Sent:
        """Hand one message to the provider. Raises `SendError`."""

    def send_all(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Sent | SendError]]:
        """Each message with how it went, one after the other: the caller may stop at any time."""
        for message in messages:
            yield message, self.outcome(message, self.send)

    def outcome(self, message: Message, send: Callable[[Message], Sent]) -> Sent | SendError:
        """How it went with one message; whoever cannot be reached any more since it was due is sent none."""
        with about(message):
            try:
                self._refuse_unreachable(message.recipient)
                return send(message)
            except SendError as error:
                logger.info("%s over %s failed: %s", message.idempotency_key, self.name, error)
                return error

    def _refuse_unreachable(self, recipient: Recipient) -> None:
        """In the words in which those are skipped who could not be reached from the start."""
        if not recipient.is_active:
            raise SendError("inactive", permanent=True)
        if self.address_field and not getattr(recipient, self.address_field):
            raise SendError("no_address", permanent=True)
