"""`make screenshots`: the pictures of the README and the docs, taken from a demo that is running.

Logs in as demo people at DEMO_PORT, gives the school something to do, and photographs its pages: light, dark, on a
phone, in Russian. The pictures go to docs/images, with as many colours as they need.
"""

import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from lessons.tests.browser.chromium import QUIET, find_chromium

SITE = f"http://127.0.0.1:{os.environ.get('DEMO_PORT', '8000')}"
IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
PASSWORD = "demo-pass-1"
COLOURS = 256
TITLES = ("Algebra", "Essay writing", "Органическая химия", "Piano, four hands", "Geometry")
LIGHT: dict[str, Any] = {"color_scheme": "light"}
DARK: dict[str, Any] = {"color_scheme": "dark"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}
RUSSIAN: dict[str, Any] = {"locale": "ru-RU"}


class School:
    """The demo, by its API."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self._token('manager_1')}"
        self.teachers = [self._id(f"teacher_{n}") for n in range(1, 6)]
        self.students = [self._id(f"student_{n}") for n in range(1, 6)]

    def _token(self, username: str) -> str:
        answer = requests.post(
            f"{SITE}/api/v1/auth/token/", json={"username": username, "password": PASSWORD}, timeout=10
        )
        answer.raise_for_status()
        return str(answer.json()["access"])

    def _id(self, username: str) -> int:
        headers = {"Authorization": f"Bearer {self._token(username)}"}
        return int(requests.get(f"{SITE}/api/v1/me/", headers=headers, timeout=10).json()["id"])

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.session.post(f"{SITE}/api/v1/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def schedule(self, n: int, start: datetime) -> tuple[int, int]:
        """A lesson with one teacher and three students, on for an hour; its id, and that of the dispatch."""
        lesson = self.post(
            "lessons/",
            title=TITLES[n % 5],
            teacher=self.teachers[n % 5],
            students=[self.students[(n + k) % 5] for k in range(3)],
            start_time=start.isoformat(),
            end_time=(start + timedelta(hours=1)).isoformat(),
        )["id"]
        return lesson, self.post(f"lessons/{lesson}/schedule/")["dispatch"]

    def move(self, lesson: int, start: datetime) -> int:
        """The dispatch."""
        end = start + timedelta(hours=1)
        moved = self.post(
            f"lessons/{lesson}/reschedule/",
            start_time=start.isoformat(),
            end_time=end.isoformat(),
            reason="The room is being painted",
        )
        return int(moved["dispatch"])

    def wait_until_told(self, dispatch: int) -> None:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            if self.session.get(f"{SITE}/api/v1/dispatches/{dispatch}/", timeout=10).json()["settled_at"]:
                return
            time.sleep(1)
        sys.exit("error: after three minutes not everybody was told; is the demo's worker running?")


def main() -> None:
    school = School()
    start = _free_hour(school)
    lesson, scheduled = school.schedule(0, start)
    school.wait_until_told(scheduled)
    school.wait_until_told(school.move(lesson, start + timedelta(hours=1)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        _quiet_pages(browser, lesson)
        _monitor(browser, school, start + timedelta(hours=3))
        browser.close()


def _free_hour(school: School) -> datetime:
    """A day on which nobody has anything on yet, so that the command can be run again and again."""
    day = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=14)
    while school.session.get(
        f"{SITE}/api/v1/lessons/",
        params={"start_after": day.isoformat(), "start_before": (day + timedelta(hours=12)).isoformat()},
        timeout=10,
    ).json()["results"]:
        day += timedelta(days=1)
    return day


def _quiet_pages(browser: Browser, lesson: int) -> None:
    with _page(browser, LIGHT) as page:
        _take(page, "/admin/", "dashboard")
        _take(page, f"/admin/lessons/lesson/{lesson}/change/", "lesson")
        page.locator(".happened-rescheduled a.told").click()
        _save(page, "told")
        _take(page, "/admin/lessons/lesson/", "lessons")
        _take(page, f"/admin/lessons/lesson/{lesson}/transition/reschedule/", "reschedule")
    with _page(browser, DARK) as page:
        _take(page, f"/admin/lessons/lesson/{lesson}/change/", "lesson-dark")
    with _page(browser, PHONE) as page:
        _take(page, f"/admin/lessons/lesson/{lesson}/change/", "lesson-phone", whole=False)
    with _page(browser, RUSSIAN) as page:
        _take(page, f"/admin/lessons/lesson/{lesson}/change/", "lesson-russian")


def _monitor(browser: Browser, school: School, start: datetime) -> None:
    """In every look while something is being sent: two lessons are scheduled for each."""
    looks = {"monitor": LIGHT, "monitor-dark": DARK, "monitor-phone": PHONE, "monitor-russian": RUSSIAN}
    for number, (name, look) in enumerate(looks.items()):
        with _page(browser, look) as page:
            for n in (0, 1):
                school.schedule(2 * number + n, start + timedelta(hours=2 * (2 * number + n)))
            page.goto(f"{SITE}/admin/monitor/")
            page.locator("section[aria-labelledby=running-heading] progress").first.wait_for(timeout=30_000)
            _save(page, name, whole=look is not PHONE)


@contextmanager
def _page(browser: Browser, look: dict[str, Any]) -> Iterator[Page]:
    """A manager's page."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **look})
    page = context.new_page()
    page.goto(f"{SITE}/admin/login/")
    page.fill("[name=username]", "manager_1")
    page.fill("[name=password]", PASSWORD)
    page.locator("[type=submit]").click()
    yield page
    context.close()


def _take(page: Page, path: str, name: str, *, whole: bool = True) -> None:
    page.goto(f"{SITE}{path}")
    _save(page, name, whole=whole)


def _save(page: Page, name: str, *, whole: bool = True) -> None:
    """As a PNG with a palette: a tenth of the size."""
    page.wait_for_load_state()
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    sys.stdout.write(f"docs/images/{name}.png\n")


if __name__ == "__main__":
    main()
