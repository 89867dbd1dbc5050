"""Sentry's part: takes envelopes, and shows what was in them."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Ingest:
    """What arrived: `items` are (type, payload), `raw` all of it as text."""

    def __init__(self) -> None:
        self.items: list[tuple[str, dict[str, Any]]] = []
        self.raw: list[str] = []

    def take(self, envelope: bytes) -> None:
        """One line for the envelope, then a line of its own for each item's header and payload."""
        self.raw.append(envelope.decode(errors="replace"))
        _, *lines = envelope.split(b"\n")
        while len(lines) >= 2:
            header, payload, lines = json.loads(lines[0] or b"{}"), lines[1], lines[2:]
            if header.get("type") in ("event", "transaction", "check_in"):
                self.items.append((header["type"], json.loads(payload)))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [payload for type_, payload in list(self.items) if type_ == kind]

    def transactions(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.of("transaction") if one["transaction"] == name]

    def errors(self, *, logger: str = "", text: str = "") -> list[dict[str, Any]]:
        return [one for one in self.of("event") if logger in str(one.get("logger")) and text in json.dumps(one)]


@contextmanager
def ingest() -> Iterator[tuple[Ingest, str]]:
    """The endpoint, and the DSN that leads to it."""
    taken = Ingest()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the parent's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield taken, f"http://public@127.0.0.1:{server.server_address[1]}/1"
    finally:
        server.shutdown()
        server.server_close()
