"""Addresses that nginx and the application might read differently: none opens what is for inside, none leads to a file,
none to Flower without a login."""

import base64

import pytest

from backend.tests.extra.browser import Browser
from backend.tests.extra.production.site import HOST, REHEARSED, SETTINGS
from backend.tests.extra.production.wire import Wire, get

pytestmark = REHEARSED


def cookies(browser: Browser) -> str:
    return "Cookie: " + "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


# --- What is for inside ---------------------------------------------------------------------------

FIGURES = [
    "/metrics", "/metrics?a=b", "/metrics/", "/metrics//", "//metrics", "///metrics", "/./metrics", "/%2e/metrics",
    "/%6Detrics", "/%2fmetrics", "/%2Fmetrics", "/METRICS", "/Metrics", "/metrics%20", "/metrics%00", "/metrics%0a",
    "/metrics;a", "/metrics#a", "/metrics%23", "/metrics%3f", "/metrics\\", "/\\metrics", "/metrics.", "/metrics/.",
    "/static/../metrics", "/static/..//metrics", "/static/%2e%2e/metrics", "/static/..%2fmetrics",
    "/static/..;/metrics", "/flower/../metrics", "/flower/%2e%2e/metrics", "/api/v1/../../metrics",
    "/api/v1/..%2f..%2fmetrics", "/accounts/login/../../metrics", "/internal/../metrics",
    "/livez/../metrics", "/a/b/c/../../../metrics",
    "/met\trics", "/\tmetrics", "/metrics\t", "/met\x0brics", "/metrics\x7f", "/metrics ?a=b",
    f"http://{HOST}/metrics", f"https://{HOST}//metrics", f"https://{HOST}/./metrics",
    "/flower/metrics", "/flower//metrics", "/flower/./metrics", "/flower/a/../metrics", "/flower/%6detrics",
    "/flower/healthcheck",
]  # fmt: skip
FOR_NGINX = [
    "/internal/flower/", "/internal//flower/", "/internal/./flower/", "//internal/flower/", "/%69nternal/flower/",
    "/internal%2fflower/", "/static/../internal/flower/", "/static/..%2finternal/flower/", "/INTERNAL/flower/",
    "/accounts/login/../../internal/flower/", f"https://{HOST}/internal/flower/", "/internal", "/internal/",
    "/flower-access", "//flower-access", "/static/../flower-access", "/@problem", "/@login",
]  # fmt: skip


@pytest.mark.parametrize("path", [*FIGURES, *FOR_NGINX])
def test_what_is_for_inside_is_not_there_from_outside(path: str, wire: Wire, rosa: Browser) -> None:
    for cookie in ("Cookie: a=b", cookies(rosa)):
        heard = wire.send(get(path, cookie))

        assert heard.statuses in ([404], [400]), heard.text
        assert "lessons_" not in heard.text
        assert "X-Flower-Authorization" not in heard.text


@pytest.mark.parametrize("header", ["SCRIPT_NAME: /school", "Script-Name: /school", "PATH_INFO: /metrics"])
def test_no_header_makes_another_path_of_it(header: str, wire: Wire) -> None:
    for path in ("/school/metrics", "/"):
        assert "lessons_" not in wire.send(get(path, header)).text
    assert wire.send(get("/school/metrics", header)).statuses == [404]


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Accel-Redirect"])
def test_nor_does_one_that_other_servers_listen_to(header: str, wire: Wire) -> None:
    heard = wire.send(get("/livez", f"{header}: /metrics"))

    assert heard.statuses == [200]
    assert "lessons_" not in heard.text


# --- Files ----------------------------------------------------------------------------------------

FILES = [
    "/static/../manage.py", "/static/%2e%2e/manage.py", "/static/..%2fmanage.py", "/static/%2e%2e%2fmanage.py",
    "/static/..%252fmanage.py", "/static/..%5cmanage.py", "/static/..\\manage.py", "/static/..;/manage.py",
    "/static/....//manage.py", "/static../manage.py", "/static/lessons/../../../backend/settings.py",
    "/static//etc/passwd", "/static/%2fetc/passwd", "/static/%00/etc/passwd", "/static/site.css%00.py",
    "/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%c0%af..%c0%afetc/passwd", "/etc/passwd", "/.env",
    "/.git/config", "/staticfiles/", "/static/", "/static/lessons/", "/tls/privkey.pem", "/privkey.pem",
    "/.well-known/acme-challenge/../../privkey.pem", "/.well-known/acme-challenge/..%2f..%2fprivkey.pem",
    "/.well-known/acme-challenge/%2e%2e/%2e%2e/privkey.pem", "/.well-known/acme-challenge/....//....//privkey.pem",
]  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_no_path_leads_to_a_file(path: str, wire: Wire) -> None:
    for port in (8443, 8080):
        heard = wire.send(get(path), port=port)

        assert heard.statuses in ([404], [400]) or (port, heard.statuses) == (8080, [308]), heard.text
        for content in ("root:x:", "PRIVATE KEY", "DJANGO_SETTINGS_MODULE", "[core]", "Index of"):
            assert content not in heard.text


def test_what_a_crooked_path_gets_is_not_kept_for_those_who_come_straight(wire: Wire, visitor: Browser) -> None:
    """nginx keeps static files under the address as it reads it, and passes on the one that was sent."""
    path = "/static/lessons/site.css"
    for crooked in ("/swagger/..", "/api/v1/../../", "/static/lessons/%2e%2e/.."):
        wire.send(get(f"{crooked}{path}"))

    answer = visitor.get(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/css")


def test_no_path_leads_to_another_site(wire: Wire) -> None:
    for path in ("//evil.example/admin", "//evil.example/%2e%2e", "/\\evil.example/admin", "/admin%0d%0aX-Evil:%20yes"):
        for port in (8443, 8080):
            heard = wire.send(get(path), port=port)

            assert not heard.header("X-Evil")
            assert not heard.header("Location") or heard.header("Location").startswith((f"https://{HOST}/", "/admin"))


# --- Flower ---------------------------------------------------------------------------------------

FLOWER = [
    "/flower/", "/flower/workers", "//flower/workers", "/flower//workers", "/./flower/workers", "/flower/./workers",
    "/%66lower/workers", "/flower%2fworkers", "/static/../flower/workers", "/static/..%2fflower/workers",
    "/flower/../flower/workers", "/flower/%2e%2e/flower/workers", "/api/v1/../../flower/workers",
    "/flower/api/workers", "/flower/api/tasks", "/flower/static/../workers", "/FLOWER/workers", "/flower;/workers",
    "/flower/metrics/../workers", "/flower/login", f"https://{HOST}/flower/workers",
]  # fmt: skip
PASSES = {
    "nothing": (),
    "a guess": ("Authorization: Basic " + base64.b64encode(b"flower:flower").decode(),),
    "Flower's own password": (
        "Authorization: Basic " + base64.b64encode(SETTINGS["FLOWER_BASIC_AUTH"].encode()).decode(),
        "X-Flower-Authorization: Basic " + base64.b64encode(SETTINGS["FLOWER_BASIC_AUTH"].encode()).decode(),
    ),
    "somebody else's name": ("X-Remote-User: rosa", "Remote-User: rosa", "X-Forwarded-User: rosa"),
    "another address": ("X-Original-URI: /static/", "X-Original-URL: /livez", "X-Forwarded-Uri: /livez"),
    "another method": ("X-HTTP-Method-Override: OPTIONS", "X-Original-Method: OPTIONS"),
    "a session that never was": ("Cookie: sessionid=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",),
    "an upgrade": ("Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"),
}


@pytest.mark.parametrize("path", FLOWER)
def test_flower_stays_closed_to_whoever_has_no_login(path: str, wire: Wire) -> None:
    for headers in PASSES.values():
        heard = wire.send(get(path, *headers))

        assert heard.statuses in ([302], [404], [400]), heard.text
        assert heard.header("Location") in ("", "/accounts/login/?next=/flower/")
        assert "Flower" not in heard.text


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "HEAD", "PUT", "TRACE", "CONNECT", "FLOWER"])
def test_nor_is_there_a_method_that_opens_it(method: str, wire: Wire) -> None:
    heard = wire.send(get("/flower/api/workers").replace(b"GET", method.encode(), 1))

    assert heard.statuses in ([302], [400], [405]), heard.text


def test_a_token_opens_the_api_alone(bob: Browser, visitor: Browser) -> None:
    token = {"Authorization": str(bob.headers["Authorization"])}

    assert visitor.get("/api/v1/me/", headers=token).status_code == 200
    assert visitor.get("/flower/", headers=token).status_code == 302
