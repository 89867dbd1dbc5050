"""Clients that take their time: cut off, and until then in nobody's way."""

import socket
import ssl
import time
from contextlib import ExitStack
from threading import Thread

from backend.tests.extra.browser import Browser
from backend.tests.extra.production.site import HOST, REHEARSED
from backend.tests.extra.production.wire import Wire

pytestmark = REHEARSED
HEADER_SECONDS = 10  # client_header_timeout
AT_ONCE = 200  # limit_conn
HALF = f"POST /api/v1/auth/token/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 900\r\n\r\n{{".encode()


def seconds_until_cut_off(connection: socket.socket, drop: bytes) -> float:
    """Another drop each second, for at most twice as long as a header may take."""
    started = time.monotonic()
    connection.settimeout(1)
    while (passed := time.monotonic() - started) < 2 * HEADER_SECONDS:
        try:
            if drop:
                connection.sendall(drop)
            if connection.recv(1024) == b"":
                break
        except TimeoutError:
            continue
        except OSError:  # reset, or TLS that ends in mid-word
            break
    return passed


def test_a_header_that_never_ends_and_a_hello_that_never_comes_are_cut_off(wire: Wire) -> None:
    """A byte each second is no progress: the time is the whole header's."""
    took = {}

    def dribble(name: str, connection: socket.socket, begin: bytes, drop: bytes) -> None:
        connection.sendall(begin)
        took[name] = seconds_until_cut_off(connection, drop)

    begin = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode()
    with wire.connection() as secret, wire.connection(encrypted=False) as silent:
        threads = [
            Thread(target=dribble, args=("header", secret, begin, b"a")),
            Thread(target=dribble, args=("hello", silent, b"", b"")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert set(took) == {"header", "hello"}
    assert all(HEADER_SECONDS - 2 < seconds < HEADER_SECONDS + 4 for seconds in took.values()), took


def test_bodies_that_stop_half_way_hold_up_nobody(wire: Wire, visitor: Browser) -> None:
    """More of them than the application has threads: it sees none of them before it is complete."""
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(wire.connection(source="127.0.0.81")).sendall(HALF)

        answer = visitor.get("/accounts/login/")

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 3


def test_one_address_may_have_so_many_requests_under_way_and_no_more(wire: Wire, visitor: Browser) -> None:
    """What they have sent lies in nginx's memory until it is complete. None of them comes too fast."""
    connections = []
    with ExitStack() as held:
        for number in range(AT_ONCE + 5):
            connections.append(held.enter_context(wire.connection(source="127.0.0.82")))
            connections[-1].sendall(HALF.replace(b"auth/token", b"lessons"))
            if number == AT_ONCE // 2:
                time.sleep(1.5)
        refused = [connection for connection in connections if is_refused(connection)]

        assert visitor.get("/livez").status_code == 200

    assert len(refused) == 5


def is_refused(connection: socket.socket) -> bool:
    connection.settimeout(0.02)
    try:
        return connection.recv(64).startswith(b"HTTP/1.1 429 ")
    except (TimeoutError, ssl.SSLWantReadError):
        return False
