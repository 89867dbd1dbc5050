"""One connection: HTTP in, a route asked, the journal written, HTTP out."""

import logging
import os
import socket
import struct
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

from backend.gateway.exchange import Answer, Problem, Request, problem_answer, read_natural
from backend.gateway.messages import as_timestamp
from backend.gateway.routes import find_route
from backend.gateway.server import GatewayServer

LARGEST_BODY_BYTES = 64 * 1024

logger = logging.getLogger(__name__)


class GatewayHandler(BaseHTTPRequestHandler):
    """Lives as long as its connection, in a thread of its own; the routes never see a socket."""

    server: GatewayServer
    protocol_version = "HTTP/1.1"
    timeout = 75  # seconds an idle connection is kept
    wbufsize = -1  # head and body in one packet ...
    disable_nagle_algorithm = True  # ... which leaves at once

    def do_GET(self) -> None:
        """Serve one request, whatever its method."""
        try:
            body = self._read_body()
        except Problem as problem:
            self.close_connection = True  # The rest of the body would be taken for a request.
            self._write(problem_answer(problem))
            return
        request = self._request(body)
        answer = self._ask(request)
        # Before the client learns of it: what it has heard of is in the journal.
        self._record(request, answer)
        self._write(answer)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names http.server looks for

    def _read_body(self) -> bytes:
        length = read_natural(self.headers.get("Content-Length", "0"))
        if "Transfer-Encoding" in self.headers or length is None:
            raise Problem(411, "length_required", "Content-Length must say how long the body is.")
        if length > LARGEST_BODY_BYTES:
            raise Problem(413, "too_large", f"At most {LARGEST_BODY_BYTES} bytes.")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError("the client left in the middle of its request")
        return body

    def _request(self, body: bytes) -> Request:
        path, _, query = self.path.partition("?")
        return Request(
            method=self.command,
            path=path,
            parameters=dict(parse_qsl(query, keep_blank_values=True)),
            headers=self.headers,
            body=body,
            arrived_at=datetime.now(UTC),
            has_hung_up=self._has_hung_up,
        )

    def _ask(self, request: Request) -> Answer:
        try:
            route = find_route(request.method, request.path)
            authorization = request.headers.get("Authorization", "")
            if not (route.is_public or self.server.provider.recognises(authorization)):
                challenge = {"WWW-Authenticate": "Bearer"}
                raise Problem(401, "unauthorized", "A token is needed.", headers=challenge)
            return route.view(self.server.provider, request)
        except Problem as problem:
            request.notes["outcome"] = problem.code
            return problem_answer(problem)

    def _record(self, request: Request, answer: Answer) -> None:
        """One line in the journal, of what sends or changes something."""
        if request.method == "GET":
            return
        is_answered = answer.status is not None
        entry = {
            "method": request.method,
            "path": request.path,
            "arrived_at": as_timestamp(request.arrived_at),
            "answered_at": as_timestamp(datetime.now(UTC)) if is_answered else None,
            "status": answer.status,
        }
        self.server.provider.journal.write(entry | request.notes)

    def _write(self, answer: Answer) -> None:
        if answer.status is None:
            self._reset()
            return
        self.send_response(answer.status)
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **answer.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def _reset(self) -> None:
        """Drop the connection so that the client sees a reset, not an orderly end."""
        self.close_connection = True
        with suppress(OSError):  # Some systems refuse options once the other side is gone.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # `close()` would wait for rfile and wfile, and shut the connection down politely before.
        os.close(self.connection.detach())

    def _has_hung_up(self) -> bool:
        timeout = self.connection.gettimeout()
        self.connection.setblocking(False)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(timeout)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server itself cannot read in our form, not in its HTML."""
        self.close_connection = True
        self._write(problem_answer(Problem(code, "bad_request", message or "Bad request.")))

    def version_string(self) -> str:
        return "gateway"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        logger.debug(format, *args)
