"""Requests that are none, or two in one, or meant for somebody else: refused before the application sees them."""

import pytest

from backend.tests.extra.production.site import HOST, REHEARSED
from backend.tests.extra.production.wire import Wire, get

pytestmark = REHEARSED

# --- Two in one -----------------------------------------------------------------------------------

HIDDEN = f"GET /metrics HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
CHUNKS = f"0\r\n\r\n{HIDDEN}"
SMUGGLED = {
    "two ways to say how long it is": ("Content-Length: 6\r\nTransfer-Encoding: chunked", CHUNKS),
    "the same the other way round": ("Transfer-Encoding: chunked\r\nContent-Length: 6", CHUNKS),
    "two lengths": ("Content-Length: 5\r\nContent-Length: 6", f"aaaaa{HIDDEN}"),
    "the same length twice": ("Content-Length: 5\r\nContent-Length: 5", f"aaaaa{HIDDEN}"),
    "two lengths in one": ("Content-Length: 5, 6", f"aaaaa{HIDDEN}"),
    "a length with a sign": ("Content-Length: +5", f"aaaaa{HIDDEN}"),
    "a length below zero": ("Content-Length: -1", HIDDEN),
    "a length in hexadecimal": ("Content-Length: 0x5", f"aaaaa{HIDDEN}"),
    "a length without end": ("Content-Length: 99999999999999999999999", HIDDEN),
    "an encoding that nobody knows": ("Transfer-Encoding: xchunked", CHUNKS),
    "two encodings": ("Transfer-Encoding: gzip, chunked", CHUNKS),
    "an encoding, then another": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", CHUNKS),
    "a space before the colon": ("Transfer-Encoding : chunked", CHUNKS),
    "a header on two lines": ("Transfer-Encoding:\r\n chunked", CHUNKS),
    "a carriage return alone": ("X-Header: a\rTransfer-Encoding: chunked", CHUNKS),
    "a NUL in a header": ("X-Header: a\0b", HIDDEN),
    "a chunk of no size": ("Transfer-Encoding: chunked", f"zz\r\n{HIDDEN}"),
    "a chunk without end": ("Transfer-Encoding: chunked", f"fffffffffffffffff\r\n{HIDDEN}"),
}


@pytest.mark.parametrize("trick", SMUGGLED)
def test_a_request_that_hides_another_is_refused_with_it(trick: str, wire: Wire) -> None:
    headers, body = SMUGGLED[trick]

    heard = wire.send(f"POST /api/v1/auth/token/ HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n\r\n{body}".encode())

    assert heard.statuses in ([400], [413], [501]), heard.text
    assert heard.header("Content-Type") == "application/problem+json"
    assert heard.header("Connection") == "close"
    assert "lessons_" not in heard.text


def test_chunks_are_not_for_http_1_0(wire: Wire) -> None:
    heard = wire.send(f"POST / HTTP/1.0\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKS}".encode())

    assert heard.statuses == [400]


def test_a_header_with_an_underscore_is_none(wire: Wire) -> None:
    """In WSGI it would have the name of one with a hyphen."""
    heard = wire.send(get("/livez", "Transfer_Encoding: chunked", "Content_Length: 9", "X_Forwarded_Proto: http"))

    assert heard.statuses == [200]


def test_whoever_asks_for_another_protocol_gets_this_one(wire: Wire) -> None:
    upgrade = ("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", "Connection: Upgrade, HTTP2-Settings")

    assert wire.send(get("/livez", *upgrade)).statuses == [200]


# --- None at all ----------------------------------------------------------------------------------

NONE_AT_ALL = {
    "nonsense": b"nonsense\r\n\r\n",
    "no path": b"GET\r\n\r\n",
    "another version": f"GET / HTTP/9.9\r\nHost: {HOST}\r\n\r\n".encode(),
    "a control character in the path": get("/a\x01b"),
    "a path above the root": get("/../a"),
    "half an escape": get("/%zz"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a host with a path": get("/", host=f"{HOST}/../"),
    "two hosts": get("/", f"Host: {HOST}"),
    "too large a header": get("/", f"X-Header: {'a' * 9_000}"),
    "too long an address": get(f"/{'a' * 9_000}"),
}


@pytest.mark.parametrize("name", [HOST, "evil.example", None], ids=["to us", "to somebody else", "to nobody"])
@pytest.mark.parametrize("request_", NONE_AT_ALL)
def test_what_is_no_request_is_refused_in_a_few_words(request_: str, name: str | None, wire: Wire) -> None:
    heard = wire.send(NONE_AT_ALL[request_], name=name)

    assert len(heard.statuses) == 1, heard.text
    assert 400 <= heard.statuses[0] < 500 or heard.statuses == [505], heard.text
    assert heard.header("Content-Type") == "application/problem+json", heard.text


def test_http_where_tls_is_spoken_is_refused(wire: Wire) -> None:
    heard = wire.send(get("/"), encrypted=False)

    assert heard.statuses == [400]


# --- For somebody else ----------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", f"{HOST}.evil.example", f"evil-{HOST}", "127.0.0.1", "localhost"])
def test_a_foreign_host_gets_no_word(host: str, wire: Wire) -> None:
    """Whatever name was in TLS's hello before."""
    for port in (8443, 8080):
        assert wire.send(get("/accounts/login/", host=host), port=port).text == ""


@pytest.mark.parametrize(
    "host", [f"{HOST}@evil.example", f"evil.example:443@{HOST}", f"{HOST}, evil.example", "[evil", ""]
)
def test_nor_does_one_that_is_almost_ours(host: str, wire: Wire) -> None:
    for port in (8443, 8080):
        heard = wire.send(get("/accounts/login/", host=host), port=port)

        assert heard.statuses in ([], [400]), heard.text
        assert "evil" not in heard.text


def test_an_address_with_another_host_than_the_header_is_refused(wire: Wire) -> None:
    theirs = wire.send(get("https://evil.example/accounts/login/"))
    ours = wire.send(get(f"https://{HOST}/accounts/login/", host="evil.example"))

    assert (theirs.text, ours.statuses) == ("", [400])
    assert "evil" not in ours.text
