"""A small TCP proxy in front of the broker, that can refuse, or fall silent."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
CHUNK = 65_536


class Proxy:
    """Passes everything on at first. Its port stays the same all along."""

    def __init__(self, broker_url: str) -> None:
        parts = urlsplit(broker_url)
        self._upstream: Callable[[], socket.socket] = (
            (lambda: _connect_to_file(parts.path))
            if parts.scheme == "unix"
            else (lambda: socket.create_connection((parts.hostname or HOST, parts.port or 6379)))
        )
        self._database = parts.query.removeprefix("db=") if parts.scheme == "unix" else parts.path.lstrip("/")
        self._port = 0
        self._passing = threading.Event()
        self._connections: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self._port}/{self._database or 0}"

    def __enter__(self) -> Self:
        self._listen()
        self._passing.set()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        self._passing.set()  # lets the threads go

    def refuse(self) -> None:
        """Nobody listens any more, and whoever was connected is hung up on."""
        for connection in [self._listener, *self._connections]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._connections.clear()

    def black_hole(self) -> None:
        """Connections are taken and kept, and nothing comes through, either way."""
        self._passing.clear()

    def pass_on(self) -> None:
        """Everything comes through again, what was held back included."""
        self._passing.set()
        if self._listener.fileno() < 0:  # closed
            self._listen()

    def _listen(self) -> None:
        self._listener = socket.create_server((HOST, self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                upstream = self._upstream()
                self._connections += [client, upstream]
                for source, sink in ((client, upstream), (upstream, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._passing.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _connect_to_file(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection
