"""What somebody may upload as a photo of himself, through nginx; and how what became of it is served."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from PIL.PngImagePlugin import PngInfo

from backend.tests.deployment.compose import ROOT
from backend.tests.extra.browser import Browser
from backend.tests.extra.production.site import ME, REHEARSED, problem
from backend.tests.extra.rehearsal import Rehearsal
from lessons.tests.pictures import jpeg_of_scans, jpeg_that_claims, picture, png_that_claims, webp_that_claims
from lessons.tests.waiting import wait_until

pytestmark = REHEARSED
LINE = b"the-form-is-divided-here"
PAGE = b"<!DOCTYPE html><script>alert(1)</script>"


def upload(
    who: Browser, content: bytes, name: bytes = b"me.png", said_to_be: bytes = b"image/png"
) -> requests.Response:
    head = b'Content-Disposition: form-data; name="photo"; filename="%s"\r\nContent-Type: %s' % (name, said_to_be)
    body = b"--%s\r\n%s\r\n\r\n%s\r\n--%s--\r\n" % (LINE, head, content, LINE)
    return who.request(
        "PATCH", ME, data=body, headers={"Content-Type": f"multipart/form-data; boundary={LINE.decode()}"}
    )


def served(uploaded: requests.Response, who: Browser) -> requests.Response:
    assert uploaded.status_code == 200, uploaded.text
    return who.get(urlsplit(uploaded.json()["photo"]).path)


@contextmanager
def memory_of(stack: Rehearsal) -> Iterator[list[float]]:
    """The megabytes that the site's processes have together, every few milliseconds."""
    gunicorn = psutil.Process(stack.processes["app"].popen.pid)
    processes = (gunicorn, *gunicorn.children(recursive=True))
    seen: list[float] = []
    done = Event()

    def look() -> None:
        while not (seen and done.wait(0.005)):
            seen.append(sum(process.memory_info().rss for process in processes) / 1e6)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield seen
        finally:
            done.set()
        looking.result()


# --- Too large ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bomb",
    [
        png_that_claims(60_000, 60_000),
        jpeg_that_claims(65_500, 65_500),
        jpeg_of_scans(20_000),
        webp_that_claims(16_000, 16_000),
    ],
    ids=["PNG", "JPEG", "JPEG of many scans", "WebP"],
)
def test_a_bomb_is_refused_before_it_is_unpacked(bomb: bytes, stack: Rehearsal, bob: Browser) -> None:
    with memory_of(stack) as megabytes:
        wait_until(lambda: megabytes)
        refused = upload(bob, bomb)

    assert (refused.status_code, problem(refused)["errors"][0]["attr"]) == (400, "photo")
    assert refused.elapsed.total_seconds() < 2
    assert max(megabytes) - megabytes[0] < 50


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_the_largest_pictures_allowed_all_at_once_fit_into_the_container_and_leave_room_for_others(
    form: str, stack: Rehearsal, bob: Browser, visitor: Browser
) -> None:
    """A few kilobytes each; unpacked, 64 MB and more."""
    content = picture(form, (4096, 4096), "RGBA")
    app = stack.services["app"]
    at_once = int(app["environment"]["WEB_CONCURRENCY"]) * int(app["environment"]["WEB_THREADS"])

    with memory_of(stack) as megabytes, ThreadPoolExecutor(at_once) as pool:
        uploads = [pool.submit(upload, bob, content) for _ in range(at_once)]
        meanwhile = [visitor.get("/accounts/login/") for _ in range(3)]

    answers = [uploaded.result() for uploaded in uploads]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert {answer.headers.get("Retry-After") for answer in answers} == {None, "1"}
    assert all(answer.elapsed.total_seconds() < 2 for answer in meanwhile)
    assert app["deploy"]["resources"]["limits"]["memory"] == "1G"
    assert max(megabytes) < 900


@pytest.mark.parametrize(("size", "by_nginx"), [(1_010_000, False), (1_100_000, True), (5_000_000, True)])
def test_too_large_a_file_is_refused_in_the_same_words_whoever_refuses(
    size: int, by_nginx: bool, stack: Rehearsal, bob: Browser
) -> None:
    refused = upload(bob, b"\xff\xd8" + b"a" * size)

    said = problem(refused)
    assert (said["status"], said["code"], said["detail"]) == (413, "body_too_large", "The body is larger than 1 MB.")
    assert is_nginxs_own(stack, said["request_id"]) is by_nginx


def is_nginxs_own(stack: Rehearsal, request_id: str) -> bool:
    """Whether nginx gave that answer without asking the application."""
    wait_until(lambda: request_id in stack.log("nginx"))
    (line,) = [line for line in stack.log("nginx").splitlines() if request_id in line]
    return json.loads(line)["upstream_seconds"] in ("", "-")


# --- Something else than a picture ----------------------------------------------------------------

DISGUISED = {
    "a page": PAGE,
    "a drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a page that begins like a PNG": b"\x89PNG\r\n\x1a\n" + PAGE,
    "a page that begins like a JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + PAGE,
    "a GIF that is a script": b"GIF89a/*" + b"\0" * 20 + b"*/=alert(1)//",
    "a document": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "an archive": b"PK\x03\x04" + b"\0" * 26,
    "a program": b"\x7fELF\x02\x01\x01" + b"\0" * 57,
}


@pytest.mark.parametrize("disguise", DISGUISED)
def test_what_only_says_that_it_is_a_picture_is_refused(disguise: str, bob: Browser) -> None:
    refused = upload(bob, DISGUISED[disguise])

    assert (refused.status_code, problem(refused)["errors"][0]["attr"]) == (400, "photo")
    assert "script" not in refused.text


def with_a_page_in_its_text() -> bytes:
    text = PngInfo()
    text.add_text("Comment", PAGE.decode())
    return picture("PNG", pnginfo=text)


POLYGLOTS = {
    "a PNG with a page behind it": picture("PNG") + PAGE,
    "a PNG with a page in it": with_a_page_in_its_text(),
    "a JPEG with a page in its comment": picture("JPEG", comment=PAGE),
    "a JPEG and an archive": picture("JPEG") + b"PK\x03\x04<script>",
    "a WebP with a page behind it": picture("WEBP") + PAGE,
}


@pytest.mark.parametrize("polyglot", POLYGLOTS)
def test_of_what_is_a_picture_and_something_else_the_picture_is_kept(polyglot: str, bob: Browser) -> None:
    photo = served(upload(bob, POLYGLOTS[polyglot], b"me.html", b"text/html"), bob)

    assert photo.headers["Content-Type"] == "image/jpeg"
    assert photo.content.startswith(b"\xff\xd8\xff")
    assert b"script" not in photo.content
    assert b"PK\x03\x04" not in photo.content


def test_a_photo_is_served_as_a_picture_that_no_browser_takes_for_something_else(bob: Browser) -> None:
    photo = served(upload(bob, picture("PNG")), bob)

    assert photo.headers["Content-Type"] == "image/jpeg"
    assert photo.headers["X-Content-Type-Options"] == "nosniff"
    assert photo.headers["X-Frame-Options"] == "DENY"
    assert photo.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert photo.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in photo.headers


def test_a_photo_is_nobodys_without_a_login(bob: Browser, visitor: Browser) -> None:
    address = urlsplit(upload(bob, picture("PNG")).json()["photo"]).path

    assert visitor.get(address).status_code == 401


# --- A name that leads elsewhere ------------------------------------------------------------------

NAMES = [
    b"../../../../evil.png", b"/etc/cron.d/evil", b"..\\..\\evil.png", b"C:\\evil.png", b"%2e%2e%2fevil.png",
    b"evil.png\0.html", b'evil"; filename="evil.html', b"evil\r\nX-Evil: yes", b"evil\r\n\r\n<script>", b"evil.html",
    b"evil" * 5_000, "\u202egnp.evil".encode(), b"evil\xff\xfe", b"|evil", b"", b".", b"..",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:20]))
def test_a_files_name_leads_nowhere(name: bytes, stack: Rehearsal, bob: Browser) -> None:
    answer = upload(bob, picture("PNG"), name)

    if answer.status_code == 200:
        assert served(answer, bob).headers["Content-Type"] == "image/jpeg"
    else:
        assert (answer.status_code, problem(answer)["status"]) == (400, 400)
    assert "evil" not in f"{answer.headers}{answer.text}"
    assert "Traceback" not in stack.log("app")
    for place in (ROOT, *ROOT.parents, Path("/etc/cron.d"), Path("/tmp"), stack.machine.directory_of("app") / "tmp"):
        assert list(place.glob("*evil*")) == []
