"""Bytes to nginx just as they are: libraries put addresses and headers in order before they send them."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from backend.tests.extra.machine import HOST as MACHINE
from backend.tests.extra.production.site import HOST

SILENT_SECONDS = 3.0


def get(path: str, *headers: str, host: str = HOST) -> bytes:
    """A request for exactly this path, after whose answer nginx hangs up."""
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


@dataclass(frozen=True)
class Heard:
    """All that came back until nginx hung up, or fell silent."""

    text: str

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in re.findall(r"^HTTP/1\.[01] (\d{3})\b", self.text, re.MULTILINE)]

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}: ([^\r\n]*)", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


class Wire:
    def __init__(self, ports: dict[int, int]) -> None:
        self.ports = ports
        self._tls = ssl.create_default_context()
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    @contextmanager
    def connection(
        self, port: int = 8443, *, source: str = MACHINE, name: str | None = HOST, encrypted: bool = True
    ) -> Iterator[socket.socket]:
        """To what the container has at `port`; over TLS, with `name` in its hello, where that is spoken there."""
        with socket.create_connection((MACHINE, self.ports[port]), 5, (source, 0)) as plain:
            if port != 8443 or not encrypted:
                yield plain
                return
            with self._tls.wrap_socket(plain, server_hostname=name) as secret:
                yield secret

    def send(self, said: bytes, *, port: int = 8443, name: str | None = HOST, encrypted: bool = True) -> Heard:
        heard = b""
        with (
            self.connection(port, name=name, encrypted=encrypted) as connection,
            suppress(ConnectionError, TimeoutError, ssl.SSLError),
        ):
            connection.settimeout(SILENT_SECONDS)
            connection.sendall(said)
            while more := connection.recv(65_536):
                heard += more
        return Heard(heard.decode("latin-1"))
