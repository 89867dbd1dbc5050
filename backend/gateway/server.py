"""The listening socket, a thread for each connection, and an end to all of them."""

import logging
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from backend.gateway.provider import Provider

logger = logging.getLogger(__name__)


class GatewayServer(ThreadingHTTPServer):
    """Knows its open connections: kept-alive ones would outlive a plain server's shutdown."""

    request_queue_size = 512  # The default of 5 refuses bursts.
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], provider: Provider) -> None:
        self.provider = provider
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer also looks up the host's full name, which nobody needs and DNS may delay.
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def hang_up(self, *, patience_seconds: float) -> None:
        """End every connection and wait for its thread, for so long at most."""
        deadline = time.monotonic() + patience_seconds
        with self._changed:
            for connection in self._connections:
                _shut_down(connection)
            self._changed.wait_for(lambda: not self._connections, timeout=deadline - time.monotonic())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is its own affair; anything else is a bug worth a traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            logger.exception("A request from %s failed", client_address)


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # It may have ended by itself.
        connection.shutdown(socket.SHUT_RDWR)
