"""The gateway as a whole: start it, stop it, use it in a `with`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from backend.gateway.faults import DEFAULT_LATENCY_SECONDS
from backend.gateway.handler import GatewayHandler
from backend.gateway.mail_server import MailServer
from backend.gateway.provider import Provider
from backend.gateway.server import GatewayServer

ACCEPT_POLL_SECONDS = 0.05
HANG_UP_PATIENCE_SECONDS = 1.0


class GatewayError(Exception):
    """The gateway cannot start; the message is one line for the operator."""


class Gateway:
    """A provider behind an HTTP and an SMTP server with threads of their own.

    Port 0 takes a free one at the first start. Stopped and started again it keeps its ports, its
    messages and its faults: an outage, to its clients.
    """

    def __init__(
        self,
        *,
        token: str,
        host: str = "127.0.0.1",
        port: int = 0,
        mail_port: int = 0,
        latency_seconds: float = DEFAULT_LATENCY_SECONDS,
        log: Path | None = None,
        seed: int | None = None,
    ) -> None:
        if not token:
            raise GatewayError("a token is needed (--token or SMS_GATEWAY_TOKEN)")
        self.host = host
        self.port = port
        self.mail_port = mail_port
        self._server: GatewayServer | None = None
        self._mail_server: MailServer | None = None
        try:
            self.provider = Provider(token=token, latency_seconds=latency_seconds, log=log, seed=seed)
        except OSError as error:
            raise GatewayError(f"cannot write {log}: {error.strerror}") from error

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end; right once started."""
        return f"http://{self.host}:{self.port}"

    @property
    def mail_url(self) -> str:
        """Where the mail sink listens; right once started."""
        return f"smtp://{self.host}:{self.mail_port}"

    def start(self) -> None:
        """Listen; connections are taken when this returns. Raises GatewayError."""
        with _told_in_one_line(self.host, self.port):
            server = GatewayServer((self.host, self.port), GatewayHandler, self.provider)
        try:
            with _told_in_one_line(self.host, self.mail_port):
                self._mail_server = MailServer(self.host, self.mail_port, self.provider)
        except GatewayError:
            server.server_close()
            raise
        self.provider.stopping.clear()
        self._server, self.port, self.mail_port = server, server.server_address[1], self._mail_server.port
        threading.Thread(target=server.serve_forever, args=(ACCEPT_POLL_SECONDS,), name="gateway", daemon=True).start()

    def stop(self) -> None:
        """Hang up on everybody, within two seconds; messages in flight stay accepted."""
        server, self._server = self._server, None
        mail_server, self._mail_server = self._mail_server, None
        if server is None or mail_server is None:
            return
        mail_server.stop()
        self.provider.stopping.set()
        server.shutdown()
        server.server_close()
        server.hang_up(patience_seconds=HANG_UP_PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def _told_in_one_line(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except (OSError, OverflowError) as error:
        raise GatewayError(f"cannot listen on {host}:{port}: {error}") from error
