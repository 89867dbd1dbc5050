"""The chord monitor in a browser: it moves while a real worker sends, and works without scripts."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons import lifecycle
from lessons.models import Delivery, User
from lessons.tests.browser.conftest import log_in
from lessons.tests.flow.progress import is_quiet
from lessons.tests.notifications.aftermath import died
from lessons.tests.notifications.deliveries import HOUR, latest
from lessons.tests.people import Student, in_days, scheduled, tomorrow
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slow_gateway(gateway: Gateway) -> Iterator[Gateway]:
    """It takes its time over a message, so that there is something to be seen."""
    gateway.provider.faults.update({"latency_seconds": 0.4})
    yield gateway
    gateway.provider.faults.reset()


def test_it_moves_while_a_worker_sends(
    marias: Page,
    live_server: LiveServer,
    worker: Process,
    slow_gateway: Gateway,
    alice: User,
    photograph: Callable[..., None],
) -> None:
    marias.goto(f"{live_server.url}/admin/monitor/")
    marias.evaluate("window.neverReloaded = true")
    expect(marias.get_by_text("Nothing is being sent right now.")).to_be_visible()

    scheduled(alice, *(Student() for _ in range(30)))

    running = marias.locator("section[aria-labelledby=running-heading] tbody tr", has_text="SMS")
    expect(running.first).to_be_visible(timeout=15_000)
    expect(running.first.locator("progress")).to_be_visible()
    photograph(marias, "the monitor while a worker sends")
    wait_until(is_quiet, within_seconds=60)
    expect(marias.get_by_text("Nothing is being sent right now.")).to_be_visible(timeout=15_000)
    expect(marias.locator("section[aria-labelledby=workers-heading]")).to_contain_text("alive")
    assert marias.evaluate("window.neverReloaded")
    assert marias.locator("#live").get_attribute("data-state") == "live"


def test_was_this_student_told_that_the_lesson_moved_takes_three_clicks(
    marias: Page, live_server: LiveServer, worker: Process, alice: User, bob: User, photograph: Callable[..., None]
) -> None:
    lesson = scheduled(alice, bob)
    lifecycle.reschedule_lesson(lesson_id=lesson.pk, actor=alice, start_time=tomorrow(15), end_time=tomorrow(16))
    for n in range(9):  # other lessons, too, so that it is not on the first page
        scheduled(alice, bob, title=f"Lesson {n}", at=in_days(n + 3))
    wait_until(is_quiet, within_seconds=60)

    marias.goto(f"{live_server.url}/admin/")
    clicks = 0
    for link in (
        marias.get_by_role("link", name="All lessons"),
        marias.locator(".field-title a", has_text="Algebra"),
        marias.locator(".happened-rescheduled a.told"),
    ):
        link.click()
        clicks += 1

    row = marias.locator(".told-table tbody tr", has_text="Bob").filter(has_text="SMS")
    assert clicks <= 3
    expect(row.locator(".chip-sent").first).to_be_visible()
    expect(row.locator(".tries li")).to_have_count(1)
    assert Delivery.objects.get(recipient=bob, channel="sms", dispatch__event__name="rescheduled").state == "sent"
    photograph(marias, "was this student told")


def test_it_is_whole_without_scripts(
    browser: Browser, live_server: LiveServer, maria: User, alice: User, bob: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    log_in(context, live_server, maria)
    page = context.new_page()

    page.goto(f"{live_server.url}/admin/monitor/")

    assert page.get_by_role("heading", name="Chord runs now").is_visible()
    assert page.locator("figure.chart").count() == 4
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
    context.close()


def test_who_was_logged_out_meanwhile_is_led_to_the_login(
    marias: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    marias.goto(f"{live_server.url}/admin/monitor/")
    marias.context.clear_cookies()

    marias.wait_for_url("**/admin/login/**", timeout=15_000)


def test_dead_letters_are_sent_again_after_a_question_with_a_number(
    marias: Page, live_server: LiveServer, worker: Process, alice: User, bob: User
) -> None:
    lesson = scheduled(alice, bob)
    wait_until(is_quiet, within_seconds=60)
    delivery = died(latest(lesson, bob), HOUR, attempts=2)

    marias.goto(f"{live_server.url}/admin/monitor/")
    marias.locator("a.again").first.click()
    marias.get_by_role("button", name="Count them").click()
    expect(marias.locator(".question")).to_contain_text("1 dead letter over SMS since")
    marias.get_by_role("button", name="Send 1 again").click()

    expect(marias.locator(".messagelist")).to_contain_text("1 delivery is on its way again.")
    wait_until(lambda: Delivery.objects.get(pk=delivery.pk).state == "sent", within_seconds=30)
