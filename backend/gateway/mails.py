"""The e-mails that have arrived. SMTP knows no keys: what comes twice has arrived twice."""

import email
import email.policy
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import MIMEPart
from typing import Any, cast

from backend.gateway.archive import KEPT_MESSAGES, Archive
from backend.gateway.messages import as_timestamp


@dataclass(kw_only=True)
class Content:
    """What an e-mail says. `language` is its Content-Language; what it does not have is empty."""

    message_id: str
    subject: str
    language: str
    text: str
    html: str
    attachments: list[str]


@dataclass(kw_only=True)
class Mail(Content):
    """One arrival, the `arrival`-th of its Message-ID. `sender` and `to` are the envelope's."""

    id: str
    sender: str
    to: list[str]
    arrival: int
    accepted_at: datetime
    answered_at: datetime | None = None


def read_content(raw: bytes) -> Content:
    """What people would see of the e-mail, however odd its bytes are."""
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    return Content(
        message_id=str(parsed.get("Message-ID", "")).strip(),
        subject=str(parsed.get("Subject", "")),
        language=str(parsed.get("Content-Language", "")),
        text=_text(parsed.get_body(("plain",))),
        html=_text(parsed.get_body(("html",))),
        attachments=[part.get_filename("") for part in parsed.iter_attachments()],
    )


class MailStore:
    """Keeps the last `kept` e-mails, safe under threads; Message-IDs are counted beyond them."""

    def __init__(self, *, kept: int = KEPT_MESSAGES) -> None:
        self._lock = threading.Lock()
        self._archive: Archive[Mail] = Archive("mail", kept=kept)
        self._arrivals: Counter[str] = Counter()

    def accept(self, content: Content, *, sender: str, to: list[str]) -> Mail:
        accepted_at = datetime.now(UTC)
        with self._lock:
            self._arrivals[content.message_id] += 1
            arrival = self._arrivals[content.message_id]
            return self._archive.add(
                lambda mail_id: Mail(
                    id=mail_id, sender=sender, to=to, arrival=arrival, accepted_at=accepted_at, **vars(content)
                )
            )

    def mark_answered(self, mail_id: str) -> None:
        with self._lock:
            if mail := self._archive.get(mail_id):
                mail.answered_at = datetime.now(UTC)

    def get(self, mail_id: str) -> Mail | None:
        with self._lock:
            return self._archive.get(mail_id)

    def after(self, mail_id: str | None, *, limit: int) -> list[dict[str, Any]]:
        """E-mails in order of arrival, those after `mail_id` only; as JSON takes them.

        Raises ValueError for an id that this store never gave.
        """
        with self._lock:
            return [_as_json(mail) for mail in self._archive.after(mail_id, limit=limit)]

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """The newest e-mails, newest first; as JSON takes them."""
        with self._lock:
            return [_as_json(mail) for mail in self._archive.latest(limit)]

    def clear(self) -> int:
        """Forget e-mails and counts; how many were kept. Ids go on."""
        with self._lock:
            self._arrivals.clear()
            return self._archive.clear()


def _text(part: MIMEPart | None) -> str:
    if part is None:
        return ""
    payload = cast(bytes, part.get_payload(decode=True))
    try:
        return payload.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a character set that nobody knows
        return payload.decode(errors="replace")


def _as_json(mail: Mail) -> dict[str, Any]:
    return asdict(mail) | {
        "accepted_at": as_timestamp(mail.accepted_at),
        "answered_at": mail.answered_at and as_timestamp(mail.answered_at),
    }
