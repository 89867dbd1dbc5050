"""Every page, in light and dark, on a phone and in Russian: photographed, and nothing serious for axe to find."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from lessons import heartbeat
from lessons.models import User
from lessons.tests.admin.pages import list_of, page_of, transition_page
from lessons.tests.notifications.aftermath import died
from lessons.tests.notifications.deliveries import HOUR, claimed, latest, sent_run
from lessons.tests.people import draft, in_days, scheduled, started, tomorrow

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True},
    "russian": {"locale": "ru-RU"},
}
SERIOUS = {"serious", "critical"}
EDGE_TOLERANCE_PIXELS = 1


@pytest.fixture
def addresses(alice: User, anna: User, bob: User, carol: User) -> dict[str, str]:
    """One of everything, and the address of each page."""
    lesson = scheduled(alice, bob, carol)
    delivery = died(latest(lesson, bob), HOUR)
    run = sent_run("log").run
    claimed("sms")
    started(anna, carol, title="Drama", at=tomorrow(16))
    draft(anna, title="Biology", at=in_days(4))
    heartbeat.beat(heartbeat.RELAY)
    heartbeat.beat_worker(heartbeat.Worker(name="worker@school", busy=1, slots=4, done=7))
    dispatch = lesson.dispatches.latest("pk")
    lists = {f"list-{row._meta.model_name}": list_of(type(row)) for row in (lesson, delivery, dispatch, run, bob)}
    return {
        **lists,
        "landing": "/",
        "login": "/accounts/login/",
        "dashboard": "/admin/",
        "lesson": page_of(lesson),
        "add": "/admin/lessons/lesson/add/",
        "reschedule": transition_page(lesson, "reschedule"),
        "cancel": transition_page(lesson, "cancel"),
        "dispatch": page_of(dispatch),
        "delivery": page_of(delivery),
        "run": page_of(run),
        "event": page_of(dispatch.event),
        "user": page_of(bob),
        "monitor": "/admin/monitor/",
        "redeliver": "/admin/monitor/redeliver/?channel=sms",
    }


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_fit_to_be_shown(
    browser: Browser,
    opened: Callable[..., Page],
    maria: User,
    addresses: dict[str, str],
    complaints: list[str],
    photograph: Callable[..., None],
    look: str,
) -> None:
    """Accessible, no wider than the screen, without complaints of the browser."""
    context = browser.new_context(**LOOKS[look])
    page = opened(context, "/", maria)
    server = page.url.rstrip("/")
    found: dict[str, list[str]] = {}
    for name, address in addresses.items():
        response = page.goto(f"{server}{address}")
        assert response
        assert response.status == 200, address
        photograph(page, f"{name}-{look}")
        found[name] = [*_barriers(page), *_overflow(page)]
    context.close()

    assert {name: problems for name, problems in found.items() if problems} == {}
    assert complaints == []


def _barriers(page: Page) -> list[str]:
    violations = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['any'][0]['message'] if node['any'] else ''}"
        for violation in violations
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def _overflow(page: Page) -> list[str]:
    """Nothing makes the page itself wider than the window: what is wide scrolls inside its own box."""
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{wider} px wider than the screen"] if wider > EDGE_TOLERANCE_PIXELS else []


def test_a_page_has_no_script_and_no_style_of_its_own(
    browser: Browser, opened: Callable[..., Page], maria: User, addresses: dict[str, str]
) -> None:
    """Nothing inline, nothing from elsewhere: a policy of 'self' leaves it as it is."""
    page = opened(browser.new_context(java_script_enabled=False), "/", maria)
    server = page.url.rstrip("/")
    for name, address in addresses.items():
        page.goto(f"{server}{address}")
        assert page.locator("[style], style, script:not([src]):not([type='application/json'])").count() == 0, name
        for attribute in ("src", "href"):
            loaded = page.locator(f"script[{attribute}], link[{attribute}], img[{attribute}]")
            assert all(
                one.startswith("/")
                for one in loaded.evaluate_all(f"all => all.map(e => e.getAttribute('{attribute}'))")
            ), name
    page.context.close()


def test_russian_is_spoken_throughout(
    browser: Browser, opened: Callable[..., Page], maria: User, addresses: dict[str, str]
) -> None:
    page = opened(browser.new_context(locale="ru-RU"), addresses["lesson"], maria)

    assert page.locator("html").get_attribute("lang") == "ru"
    assert page.locator("#content > h2 .chip").inner_text() == "запланирован"
    assert page.get_by_role("button", name="Перенести").is_visible()
    page.goto(page.url.replace(addresses["lesson"], addresses["monitor"]))
    assert page.get_by_role("heading", name="Монитор аккордов").is_visible()
    page.context.close()
