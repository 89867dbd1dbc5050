"""Production, rehearsed once for all tests here: both compose files, TLS, a worker per queue."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.tests.deployment.compose import PRODUCTION, ROOT
from backend.tests.extra.browser import Browser
from backend.tests.extra.production.site import HOST, PASSWORD, PEOPLE, SETTINGS, visitor_of
from backend.tests.extra.production.wire import Wire
from backend.tests.extra.rehearsal import Rehearsal, read_template
from backend.tests.extra.web_server import self_signed


@contextmanager
def made(directory: Path) -> Iterator[None]:
    """What is made there is gone afterwards."""
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    certificate = self_signed(tmp_path_factory.mktemp("certificate") / "tls", HOST)
    rehearsal = Rehearsal(PRODUCTION, {**read_template(), **SETTINGS}, certificate)
    with (
        made(ROOT / "staticfiles"),
        rehearsal.running(
            build=("collectstatic", "--no-input")  # as the image has done
        ) as stack,
    ):
        stack.manage("shell", "--command", PEOPLE)
        yield stack


@pytest.fixture
def visitor(stack: Rehearsal) -> Browser:
    return visitor_of(stack)


@pytest.fixture
def wire(stack: Rehearsal) -> Wire:
    return Wire(stack.machine.ports)


@pytest.fixture(scope="package")
def rosa(stack: Rehearsal) -> Browser:
    """An administrator's browser, logged in."""
    browser = visitor_of(stack)
    assert browser.log_in("rosa", PASSWORD).status_code == 302
    return browser


@pytest.fixture(scope="package")
def bob(stack: Rehearsal) -> Browser:
    """A student's program, with his token."""
    program = visitor_of(stack)
    program.headers.update(program.token("bob", PASSWORD))
    return program
