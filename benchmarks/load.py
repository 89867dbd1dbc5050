"""HTTP clients that cost little: kept connections, requests made beforehand, answers barely read."""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import local

from backend.stack.ports import HOST

CLIENTS = 8
OK = b"HTTP/1.1 200"


@dataclass(frozen=True)
class Load:
    """What the clients saw: seconds from first to last, and of each request."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


def request(method: str, path: str, token: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if method == "POST":
        lines += ["Content-Type: application/json", "Content-Length: 2"]
    return "\r\n".join([*lines, "", "{}" if method == "POST" else ""]).encode()


class Connection:
    """One kept connection to a site on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> bytes:
        """The answer's head and body. Raises ConnectionError for any answer but 200."""
        self._socket.sendall(request)
        answer = self._socket.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        if not answer.startswith(OK):
            raise ConnectionError(f"{request.splitlines()[0].decode()} was answered {answer[:400].decode()}")
        missing = _length(head) - len(body)
        while missing > 0:
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("the site hung up in the middle of an answer")
            missing -= len(part)
        return answer


def _length(head: bytes) -> int:
    marker = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(head[marker:].split(b"\r\n", 1)[0])


def drive(port: int, steps: Sequence[Sequence[bytes]], *, clients: int = CLIENTS) -> Load:
    """Send each step's requests by `clients` at once; a step begins when the one before it has been answered."""
    own, latencies = local(), []

    def client(requests: Sequence[bytes], numbers: "count[int]") -> None:
        if not hasattr(own, "connection"):
            own.connection = Connection(port)
        while (number := next(numbers)) < len(requests):
            began = time.perf_counter()
            own.connection.send(requests[number])
            latencies.append(time.perf_counter() - began)

    with ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        for requests in steps:
            numbers = count()
            for done in [pool.submit(client, requests, numbers) for _ in range(clients)]:
                done.result()
        seconds = time.perf_counter() - began
    return Load(seconds, latencies)
