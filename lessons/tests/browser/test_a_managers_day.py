"""A manager schedules, reschedules and cancels, by what is on the screen."""

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from lessons.models import Lesson, User
from lessons.tests.admin.pages import page_of
from lessons.tests.people import PASSWORD, draft, in_days, scheduled, tomorrow
from lessons.tests.rows import history

pytestmark = pytest.mark.django_db(transaction=True)


def go(page: Page, server: LiveServer, lesson: Lesson) -> Page:
    page.goto(f"{server.url}{page_of(lesson)}")
    return page


def chip(page: Page) -> str:
    return page.locator("#content > h2 .chip").inner_text()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{name}")).click()


def type_times(page: Page, start: str, end: str) -> None:
    page.fill("#id_start_time_1", start)
    page.fill("#id_end_time_1", end)
    page.locator("#id_reason").focus()


def test_she_logs_in_by_the_form(page: Page, live_server: LiveServer, maria: User) -> None:
    page.goto(f"{live_server.url}/admin/")
    page.fill("[name=username]", "maria")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in").or_(page.locator("[type=submit]")).first.click()

    expect(page.get_by_role("heading", name="School office")).to_be_visible()


def test_she_schedules_reschedules_and_cancels_with_a_reason(
    marias: Page, live_server: LiveServer, alice: User, anna: User, bob: User, photograph: Callable[..., None]
) -> None:
    scheduled(anna, bob, title="Biology", at=tomorrow(14))
    lesson = draft(alice, bob)

    go(marias, live_server, lesson)
    press(marias, "Schedule")
    assert chip(marias) == "scheduled"

    press(marias, "Reschedule")
    type_times(marias, "14:00:00", "15:00:00")
    expect(marias.locator("#clashes")).to_contain_text("Bob is already booked")
    photograph(marias, "a clash before saving")
    assert history(lesson) == ["created", "scheduled"]
    type_times(marias, "16:00:00", "17:00:00")
    expect(marias.locator("#clashes")).to_contain_text("Everybody is free then.")
    marias.get_by_role("button", name="Reschedule “Algebra”").click()
    expect(marias.locator(".messagelist")).to_contain_text("has another time now")

    press(marias, "Cancel")
    marias.fill("#id_reason", "The teacher has the flu")
    marias.get_by_role("button", name="Cancel “Algebra”").click()

    assert chip(marias) == "cancelled"
    assert history(lesson) == ["created", "scheduled", "rescheduled", "cancelled"]
    expect(marias.locator(".timeline")).to_contain_text("The teacher has the flu")
    assert marias.locator(".move:not([disabled])").count() == 0
    photograph(marias)


def test_she_creates_a_lesson_with_the_keyboard_and_the_autocompletion(
    marias: Page, live_server: LiveServer, alice: User, bob: User
) -> None:
    marias.goto(f"{live_server.url}{reverse('admin:lessons_lesson_add')}")
    marias.fill("#id_title", "Astronomy")
    for field, name in (("teacher", "Alice"), ("students", "Bob")):
        marias.locator(f".field-{field} .select2-selection").click()
        marias.locator(".select2-search__field:visible").last.press_sequentially(name)
        marias.locator(".select2-results__option", has_text=name).first.click()
    for field, hour in (("start_time", 10), ("end_time", 11)):
        marias.fill(f"#id_{field}_0", f"{in_days(5):%Y-%m-%d}")
        marias.fill(f"#id_{field}_1", f"{hour}:00:00")
    marias.locator("[name=_save]").press("Enter")

    expect(marias.locator(".messagelist")).to_contain_text("Astronomy")
    lesson = Lesson.objects.get(title="Astronomy")
    assert (lesson.teacher, lesson.student_ids) == (alice, {bob.pk})


def test_what_cannot_be_done_is_grey_and_says_why(
    marias: Page, live_server: LiveServer, alice: User, bob: User
) -> None:
    go(marias, live_server, scheduled(alice, bob))

    complete = marias.get_by_role("button", name="Complete")
    expect(complete).to_be_disabled()
    expect(complete).to_have_accessible_description("The lesson is scheduled.")


def test_a_double_click_moves_the_lesson_once(marias: Page, live_server: LiveServer, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    go(marias, live_server, lesson).locator(".move-schedule").dblclick()
    marias.wait_for_load_state()

    expect(marias.locator("#content > h2 .chip")).to_have_text("scheduled")
    assert history(lesson) == ["created", "scheduled"]


def test_a_button_that_was_forged_in_the_page_is_refused_politely(
    marias: Page, live_server: LiveServer, alice: User, bob: User
) -> None:
    lesson = scheduled(alice, bob)

    go(marias, live_server, lesson).evaluate("document.querySelector('.move-start').value = 'complete'")
    press(marias, "Start")

    expect(marias.locator(".messagelist")).to_contain_text("This is not possible: the lesson is scheduled.")
    assert history(lesson) == ["created", "scheduled"]


def test_a_form_on_another_site_moves_nothing(
    marias: Page, live_server: LiveServer, alice: User, bob: User, complaints: list[str]
) -> None:
    lesson = scheduled(alice, bob)
    elsewhere = live_server.url.replace("localhost", "127.0.0.1")  # another site, as far as a browser knows
    assert elsewhere != live_server.url

    marias.goto(f"{elsewhere}/livez")
    marias.evaluate(
        """([url]) => {
            const form = document.createElement("form");
            Object.assign(form, { method: "post", action: url });
            form.innerHTML = '<input name="_fsm_transition_to" value="start">';
            document.body.append(form);
            form.submit();
        }""",
        [f"{live_server.url}{page_of(lesson)}"],
    )
    marias.wait_for_load_state()

    assert history(lesson) == ["created", "scheduled"]
    complaints.clear()  # that it was refused


def test_many_lessons_move_at_once_with_a_bar_and_a_row_each(
    marias: Page, live_server: LiveServer, alice: User, bob: User, photograph: Callable[..., None]
) -> None:
    for n in range(11):
        draft(alice, bob, title=f"Lesson {n}", at=in_days(n + 2))
    draft(alice, title="Nobody comes")

    marias.goto(f"{live_server.url}{reverse('admin:lessons_lesson_changelist')}")
    marias.locator("#action-toggle").check()
    marias.select_option("select[name=action]", "bulk_schedule")
    marias.get_by_role("button", name="Go", exact=True).click()
    expect(marias.locator("#bulk-rows")).to_contain_text("will be refused: The lesson has no students")
    marias.locator("#bulk-go").click()

    expect(marias.locator("#bulk-summary")).to_have_text("11 done, 1 refused.")
    assert marias.locator("#bulk-progress progress").get_attribute("max") == "12"
    assert marias.locator("#bulk-progress span").inner_text() == "12 / 12"
    assert Lesson.objects.filter(status="scheduled").count() == 11
    photograph(marias)


def test_days_are_turned_and_statuses_chosen_by_a_click(
    marias: Page, live_server: LiveServer, alice: User, bob: User
) -> None:
    scheduled(alice, bob)
    draft(alice, title="Biology", at=tomorrow(15))
    draft(alice, title="Chemistry", at=in_days(30))

    marias.goto(f"{live_server.url}{reverse('admin:lessons_lesson_changelist')}")
    marias.get_by_role("link", name="Today").first.click()
    marias.get_by_role("link", name="next day").click()
    expect(marias.locator(".field-title a")).to_have_text(["Biology", "Algebra"])
    marias.locator(".chips-nav .chip-draft").click()

    expect(marias.locator(".field-title a")).to_have_text(["Biology"])
