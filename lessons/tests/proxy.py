"""A small TCP proxy that can refuse, fall silent, dawdle, or hang up in mid-word."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
CHUNK = 65_536
DEFAULT_PORTS = {"redis": 6379, "amqp": 5672}


class Proxy:
    """Stands before the server of a URL. Passes everything on at first; its port stays the same all along."""

    def __init__(self, server_url: str) -> None:
        self._parts = parts = urlsplit(server_url)
        self._upstream: Callable[[], socket.socket] = (
            (lambda: _connect_to_file(parts.path))
            if parts.scheme == "unix"
            else (lambda: socket.create_connection((parts.hostname or HOST, parts.port or DEFAULT_PORTS[parts.scheme])))
        )
        self._port = 0
        self._passing = threading.Event()
        self._delay_seconds = 0.0
        self._bytes_left: int | None = None
        self.cuts = 0  # how often a cut has struck
        self._connections: list[socket.socket] = []

    @property
    def url(self) -> str:
        """The server's, by way of the proxy; a Redis on a socket becomes one on a port."""
        parts = self._parts
        if parts.scheme == "unix":
            return f"redis://{HOST}:{self._port}/{parts.query.removeprefix('db=') or 0}"
        login = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{login}@{HOST}:{self._port}" if login else f"{HOST}:{self._port}").geturl()

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

    def delay(self, seconds: float) -> None:
        """Whatever is said arrives so much later."""
        self._delay_seconds = seconds

    def cut_after(self, number_of_bytes: int) -> None:
        """So many more bytes come through, whoever sends them; then everybody is hung up on, once."""
        self._bytes_left = number_of_bytes

    def pass_on(self) -> None:
        """Everything comes through again at once, what was held back included."""
        self._delay_seconds, self._bytes_left = 0.0, None
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
                if self._delay_seconds:
                    time.sleep(self._delay_seconds)
                self._pass(data, sink)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _pass(self, data: bytes, sink: socket.socket) -> None:
        """As much of it as a cut leaves; where that is not all, everybody is hung up on."""
        left = self._bytes_left
        sink.sendall(data[:left])
        if left is None:
            return
        self._bytes_left = left - len(data)
        if self._bytes_left <= 0:
            self._bytes_left = None
            self.cuts += 1
            self._hang_up()

    def _hang_up(self) -> None:
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()


def _connect_to_file(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection
