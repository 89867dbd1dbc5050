"""A real browser, the system's Chromium, before a real server; a real worker where messages are sent.

CHROMIUM names another one. Every page that a test asks for is photographed into build/screenshots.
"""

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from backend.gateway import Gateway
from lessons.models import User
from lessons.tests.browser.chromium import QUIET, find_chromium

# The services and the worker of the flow tests.
from lessons.tests.flow.conftest import (  # noqa: F401
    LATENCY_SECONDS,
    TOKEN,
    _scaled_time,
    gateway,
    module_processes,
    module_worker,
    time_scale,
    worker,
)
from lessons.tests.people import Manager

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in the thread that asks the database

SCREENSHOTS = Path(__file__).resolve().parents[3] / "build" / "screenshots"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": find_chromium(), "args": list(QUIET)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def running_gateway() -> Iterator[Gateway]:
    """Started from a thread of its own: its mail server wants a loop, and Playwright's is running in ours."""
    running = Gateway(token=TOKEN, latency_seconds=LATENCY_SECONDS)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(running.__enter__).result()
        yield running
        thread.submit(running.__exit__, None, None, None).result()


@pytest.fixture
def maria(transactional_db: None) -> User:
    return Manager(username="maria")


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: scripts that failed, files that are missing, what a policy kept out."""
    return []


@pytest.fixture
def opened(live_server: LiveServer, complaints: list[str]) -> Callable[..., Page]:
    """A page of the site in a context, for somebody who is logged in there, with its complaints noted."""

    def open_page(context: BrowserContext, path: str, person: User | None = None) -> Page:
        if person:
            log_in(context, live_server, person)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.goto(f"{live_server.url}{path}")
        return page

    return open_page


def log_in(context: BrowserContext, live_server: LiveServer, person: User) -> None:
    """By a session of its own: the form has a test to itself."""
    client = Client()
    client.force_login(person)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])


@pytest.fixture
def marias(context: BrowserContext, opened: Callable[..., Page], maria: User, complaints: list[str]) -> Iterator[Page]:
    """Maria's browser, on the admin's first page; it has nothing to complain of in the end."""
    yield opened(context, "/admin/", maria)
    assert complaints == []


@pytest.fixture
def photograph(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keeps the page as it is now, under the test's name or another."""

    def take(page: Page, name: str = "") -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = re.sub(r"\W+", "-", name or request.node.name).strip("-")
        page.screenshot(path=SCREENSHOTS / f"{file}.png", full_page=True)

    return take
