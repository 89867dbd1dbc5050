"""The state of the pretended provider, shared by all requests."""

import hmac
import threading
from pathlib import Path

from backend.gateway.faults import FaultPanel, Faults
from backend.gateway.journal import Journal
from backend.gateway.mails import MailStore
from backend.gateway.messages import MessageStore
from backend.gateway.traffic import Traffic


class Provider:
    """SMS and e-mails, counts, moods and journal. `stopping` ends every wait of an SMS early once it is set."""

    def __init__(self, *, token: str, latency_seconds: float, log: Path | None, seed: int | None) -> None:
        self._token = token.encode()
        self.messages = MessageStore()
        self.traffic = Traffic()
        self.mails = MailStore()
        self.mail_traffic = Traffic(duplicates_go_out=True)
        self.faults = FaultPanel(Faults(latency_seconds=latency_seconds), seed=seed)
        self.journal = Journal(log)
        self.stopping = threading.Event()

    def recognises(self, authorization: str) -> bool:
        """Whether this Authorization header carries the token."""
        scheme, _, token = authorization.partition(" ")
        is_same = hmac.compare_digest(token.strip().encode(), self._token)
        return scheme.lower() == "bearer" and is_same
