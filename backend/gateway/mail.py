"""What the provider does with one e-mail: refuse, fail or accept it; then wait; then answer.

As with an SMS, the decision falls before the wait: a client that loses patience may well have
had its e-mail delivered. Unlike an SMS, the same e-mail again is delivered again.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from backend.gateway.faults import Faults
from backend.gateway.mails import Content, read_content
from backend.gateway.messages import as_timestamp
from backend.gateway.provider import Provider

CLOSING = "421 Not now."
NO_SUCH_ADDRESS = "550 Nobody has this address."


class MailHandler:
    """The hooks that aiosmtpd calls in the course of a conversation; each returns the reply to a command."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def refuses(self) -> bool:
        """Whether nothing is taken just now; counted."""
        if not self._faults.mail_refuse:
            return False
        self._provider.mail_traffic.count("refused")
        return True

    async def handle_MAIL(  # noqa: N802 - these names aiosmtpd looks for
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses():
            return CLOSING
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self._faults.fail_addresses:
            self._provider.mail_traffic.count("declined")
            entry = {"sender": envelope.mail_from, "to": [address], "outcome": "unreachable_address"}
            self._record(entry, datetime.now(UTC), status=int(NO_SUCH_ADDRESS[:3]))
            return NO_SUCH_ADDRESS
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        arrived_at = datetime.now(UTC)
        content = read_content(cast(bytes, envelope.content))
        entry = {
            "sender": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "message_id": content.message_id,
            "subject": content.subject,
        }
        with self._provider.mail_traffic.in_flight():
            if self._provider.faults.strikes(self._faults.mail_error_rate):
                self._provider.mail_traffic.count("failed")
                status = self._faults.mail_error_status
                self._record(entry | {"outcome": "injected_error"}, arrived_at, status=status)
                return f"{status} The provider is in a bad mood."
            await self._accept(content, envelope, entry, arrived_at)
        return "250 OK"

    async def _accept(self, content: Content, envelope: Envelope, entry: dict[str, Any], arrived_at: datetime) -> None:
        """Deliver the e-mail, then wait; raises CancelledError where the client hangs up meanwhile."""
        mail = self._provider.mails.accept(content, sender=envelope.mail_from or "", to=envelope.rcpt_tos)
        self._provider.mail_traffic.count("accepted" if mail.arrival == 1 else "duplicate")
        entry = entry | {"outcome": "accepted", "id": mail.id, "arrival": mail.arrival}
        try:
            await _wait(self._faults)
        except asyncio.CancelledError:
            self._provider.mail_traffic.count("unanswered")
            self._record(entry, arrived_at, status=None)
            raise
        self._provider.mails.mark_answered(mail.id)
        self._record(entry, arrived_at, status=250)

    def _record(self, entry: dict[str, Any], arrived_at: datetime, *, status: int | None) -> None:
        """One line in the journal, before the client learns of it."""
        answered_at = None if status is None else as_timestamp(datetime.now(UTC))
        times = {"arrived_at": as_timestamp(arrived_at), "answered_at": answered_at}
        self._provider.journal.write({"channel": "mail", **times, "status": status, **entry})

    @property
    def _faults(self) -> Faults:
        return self._provider.faults.current


async def _wait(faults: Faults) -> None:
    if faults.mail_accept_then_time_out:
        await asyncio.Event().wait()  # until the client hangs up
    await asyncio.sleep(faults.mail_latency_seconds)
