"""The mail sink's listening socket, in a thread with a loop of its own, and an end to all conversations."""

import asyncio
import logging
import threading
from typing import Any

from aiosmtpd.smtp import SMTP

from backend.gateway.mail import CLOSING, MailHandler
from backend.gateway.provider import Provider

LARGEST_MAIL_BYTES = 1024 * 1024

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's: otherwise it tells of every command


class Conversation(SMTP):
    """One client's connection. `open_ones` are all that go on at the moment."""

    def __init__(self, handler: MailHandler, open_ones: set["Conversation"], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            handler,
            loop=loop,
            hostname="gateway",  # the default looks up the host's full name, which DNS may delay
            ident="SMTP",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST_MAIL_BYTES,
        )
        self._open_ones = open_ones

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_ones.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open_ones.discard(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        if not self.event_handler.refuses():
            await super()._handle_client()
        elif self.transport is not None:
            await self.push(CLOSING)
            self.transport.close()

    async def hang_up(self) -> None:
        """End the conversation at once; what it waits for is given up."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.gather(self._handler_coroutine, return_exceptions=True)


class MailServer:
    """Listens from the moment it is made; raises OSError where it cannot."""

    def __init__(self, host: str, port: int, provider: Provider) -> None:
        self._loop = asyncio.new_event_loop()
        self._open_ones: set[Conversation] = set()
        handler = MailHandler(provider)
        listening = self._loop.create_server(lambda: Conversation(handler, self._open_ones, self._loop), host, port)
        try:
            self._server = self._loop.run_until_complete(listening)
        except BaseException:
            self._loop.close()
            raise
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway-mail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hang up on everybody; e-mails in flight stay delivered."""
        self._run(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _hang_up(self) -> None:
        self._server.close()
        await asyncio.gather(*(conversation.hang_up() for conversation in list(self._open_ones)))

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()
