"""The world outside: channels that do what a script says, and remember what reached people."""

from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ClassVar, Protocol

from lessons.notifications.channels import Channel, SendError, Sent
from lessons.notifications.messages import Message


class WorkerDied(BaseException):
    """As when the process is killed: no `except Exception` notices."""


@dataclass(frozen=True)
class Fate:
    """What becomes of one message: whether it reaches its recipient, and what the worker hears of it."""

    arrives: bool
    answer: Callable[[], Sent | BaseException]

    def __repr__(self) -> str:
        return next(name for name, fate in FATES.items() if fate is self)


FATES = {
    "sent": Fate(True, lambda: Sent("ok")),
    "fails": Fate(False, lambda: SendError("try again")),
    "busy": Fate(False, lambda: SendError("later", retry_after=600)),
    "refused": Fate(False, lambda: SendError("no such number", permanent=True)),
    "down": Fate(False, lambda: SendError("closed", channel_down=True)),
    "times_out": Fate(False, lambda: SendError("silence", suspicious=True)),
    "arrives_in_silence": Fate(True, lambda: SendError("silence", suspicious=True)),
    "breaks_the_channel": Fate(False, lambda: ValueError("not foreseen")),
    "kills": Fate(False, WorkerDied),
    "arrives_and_kills": Fate(True, WorkerDied),
}


@dataclass(frozen=True)
class Arrival:
    """`in_time`: while the worker who sent it still held the lease."""

    delivery_id: int
    key: str
    in_time: bool


class World:
    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    def times_received(self) -> Counter[int]:
        return Counter(arrival.delivery_id for arrival in self.arrivals)

    def first_arrivals(self) -> list[int]:
        """Each delivery that came in time once, in the order of their coming."""
        return list(dict.fromkeys(arrival.delivery_id for arrival in self.arrivals if arrival.in_time))


class Sender(Protocol):
    """A worker, as a channel sees it."""

    def hands_over(self, message: Message) -> Sent: ...


sender: ContextVar[Sender] = ContextVar("sender")


class ScriptedChannel(Channel):
    """Leaves it to the worker's script how each message ends."""

    def send(self, message: Message) -> Sent:
        return sender.get().hands_over(message)


class Post(ScriptedChannel):
    name: ClassVar[str] = "post"
    address_field: ClassVar[str | None] = "email"
    batch_size: ClassVar[int] = 3
    window: ClassVar[int] = 7


class Bell(ScriptedChannel):
    name: ClassVar[str] = "bell"
    window: ClassVar[int] = 2


CHANNELS = {channel.name: channel for channel in (Post(), Bell())}
