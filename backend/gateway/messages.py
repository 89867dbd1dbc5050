"""The SMS the provider has accepted, each key once."""

import re
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from backend.gateway.archive import KEPT_MESSAGES, Archive

_PHONE_NUMBER = re.compile(r"\+[0-9]{7,15}")


def is_phone_number(value: object) -> bool:
    """Whether `value` is a number in international form: `+` and 7 to 15 digits."""
    return isinstance(value, str) and _PHONE_NUMBER.fullmatch(value) is not None


@dataclass(kw_only=True)
class Message:
    """One effective send. `answered_at` is the first answer; None while nobody was told."""

    id: str
    key: str
    to: str
    text: str
    accepted_at: datetime
    answered_at: datetime | None = None
    raw_sends: int = 1


@dataclass(frozen=True, kw_only=True)
class Receipt:
    id: str
    is_duplicate: bool


class MessageStore:
    """Accepts messages, safe under threads.

    The last `kept` messages stay readable. Keys are remembered beyond them, so that a repeated one
    is recognised however late it comes.
    """

    def __init__(self, *, kept: int = KEPT_MESSAGES) -> None:
        self._lock = threading.Lock()
        self._archive: Archive[Message] = Archive("sms", kept=kept)
        self._ids_by_key: dict[str, str] = {}

    def accept(self, *, key: str, to: str, text: str) -> Receipt:
        """Send the message, unless its key is known: then only count that it came again.

        The key alone decides, whatever number and text come with it the second time.
        """
        with self._lock:
            known_id = self._ids_by_key.get(key)
            if known_id is None:
                return Receipt(id=self._add(key, to, text), is_duplicate=False)
            if message := self._archive.get(known_id):
                message.raw_sends += 1
            return Receipt(id=known_id, is_duplicate=True)

    def mark_answered(self, message_id: str) -> None:
        with self._lock:
            message = self._archive.get(message_id)
            if message and message.answered_at is None:
                message.answered_at = datetime.now(UTC)

    def after(self, message_id: str | None, *, limit: int) -> list[dict[str, Any]]:
        """Messages in order of arrival, those after `message_id` only; as JSON takes them.

        Raises ValueError for an id that this store never gave.
        """
        with self._lock:
            return [_as_json(message) for message in self._archive.after(message_id, limit=limit)]

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """The newest messages, newest first; as JSON takes them."""
        with self._lock:
            return [_as_json(message) for message in self._archive.latest(limit)]

    def clear(self) -> int:
        """Forget messages and keys; how many. Ids go on, so that none is ever given twice."""
        with self._lock:
            forgotten = len(self._ids_by_key)
            self._archive.clear()
            self._ids_by_key.clear()
            return forgotten

    def _add(self, key: str, to: str, text: str) -> str:
        accepted_at = datetime.now(UTC)
        message = self._archive.add(
            lambda message_id: Message(id=message_id, key=key, to=to, text=text, accepted_at=accepted_at)
        )
        self._ids_by_key[key] = message.id
        return message.id


def _as_json(message: Message) -> dict[str, Any]:
    return asdict(message) | {
        "accepted_at": as_timestamp(message.accepted_at),
        "answered_at": message.answered_at and as_timestamp(message.answered_at),
    }


def as_timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, always with microseconds: such strings sort like the moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
