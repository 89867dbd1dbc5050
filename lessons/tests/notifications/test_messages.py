"""What people read: their language, their clock, and the lesson's title exactly as it was typed."""

import pytest

from lessons.events import EventName
from lessons.notifications.messages import render_text
from lessons.tests.notifications.messages import ALICE, JOINED, LEFT, message

MOSCOW = {"language": "ru", "time_zone": "Europe/Moscow"}
WITH_TIMES = [EventName.CREATED, EventName.UPDATED, EventName.SCHEDULED, EventName.CANCELLED, EventName.RESCHEDULED]


@pytest.mark.parametrize("reader", [{}, {"id": ALICE}, {"id": LEFT}, {"id": JOINED}])
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", EventName)
def test_every_event_can_be_told_in_every_language(name: str, language: str, reader: dict[str, int]) -> None:
    text = render_text(message(name, language=language, **reader))

    assert "Algebra" in text
    assert "урок" in text.lower() if language == "ru" else "lesson" in text.lower()
    assert not set("{}%") & set(text)
    assert "None" not in text


@pytest.mark.parametrize("name", WITH_TIMES)
def test_times_are_on_the_recipients_clock(name: str) -> None:
    assert "5 March 2026, 09:00" in render_text(message(name, time_zone="UTC"))
    assert "5 March 2026, 04:00" in render_text(message(name, time_zone="America/New_York"))
    assert "5 марта 2026, 12:00" in render_text(message(name, **MOSCOW))


def test_a_lesson_late_in_the_day_is_tomorrow_further_east() -> None:
    assert "6 March 2026" not in render_text(message(time_zone="Asia/Tokyo"))
    assert "on: 5 March 2026, 23:00–00:00 +14" in render_text(message(time_zone="Pacific/Kiritimati"))


@pytest.mark.parametrize(("time_zone", "name"), [("UTC", "UTC"), ("Europe/Moscow", "MSK"), ("Europe/Berlin", "CET")])
def test_times_name_their_zone(time_zone: str, name: str) -> None:
    assert render_text(message(EventName.CANCELLED, time_zone=time_zone)).endswith(f"{name} is cancelled.")


def test_a_reschedule_tells_the_old_time_and_the_new_one() -> None:
    text = render_text(message(EventName.RESCHEDULED, **MOSCOW))

    assert text == "Урок «Algebra» перенесён с 4 февраля 2026, 15:00 на 5 марта 2026, 12:00–13:00 MSK."


@pytest.mark.parametrize("name", [EventName.CANCELLED, EventName.RESCHEDULED])
@pytest.mark.parametrize(("language", "expected"), [("en", "Reason: flu & fever"), ("ru", "Причина: flu & fever")])
def test_the_reason_is_told_where_there_is_one(name: str, language: str, expected: str) -> None:
    assert render_text(message(name, reason="flu & fever", language=language)).endswith(expected)
    assert expected[:6] not in render_text(message(name, language=language))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", EventName)
@pytest.mark.parametrize(
    "title", ["A & B <1>", "\"Quotes\" and 'more'", "{{ title }} {% now %}", "100 % Алгебра 🎓", "x" * 200]
)
def test_a_title_is_told_as_it_was_typed(title: str, name: str, language: str) -> None:
    assert title in render_text(message(name, title=title, language=language))


def test_a_title_with_line_breaks_stays_on_one_line() -> None:
    assert "“A B”" in render_text(message(title="A\n\r\n\t B"))


def test_who_left_or_joined_is_told_so_and_who_stays_is_told_of_the_change() -> None:
    assert render_text(message(EventName.UPDATED, id=LEFT)).startswith("You no longer take part")
    assert render_text(message(EventName.UPDATED, id=JOINED)).startswith("You now take part")
    assert "has been changed" in render_text(message(EventName.UPDATED))


def test_teachers_who_take_over_from_another_are_both_told_so() -> None:
    changed = {"old_teacher": LEFT, "teacher": JOINED}

    assert render_text(message(EventName.UPDATED, id=LEFT, snapshot=changed)).startswith("You no longer teach")
    assert render_text(message(EventName.UPDATED, id=JOINED, snapshot=changed)).startswith("You now teach")


def test_a_new_title_is_told_with_the_old_one() -> None:
    assert "It was called “Arithmetic”." in render_text(
        message(EventName.UPDATED, snapshot={"old_title": "Arithmetic"})
    )
    assert "called" not in render_text(message(EventName.UPDATED))


def test_a_reminder_says_when_the_lesson_starts() -> None:
    text = render_text(message(EventName.REMINDER, occasion="-24h", **MOSCOW))

    assert text == "Напоминаем: урок «Algebra» начнётся 5 марта 2026 в 12:00 MSK. Преподаватель: Alice."


@pytest.mark.parametrize(
    ("occasion", "expected"),
    [
        ("start", "should have started on 5 March 2026 at 09:00 UTC"),
        ("end", "should have ended on 5 March 2026 at 10:00 UTC"),
    ],
)
def test_a_teacher_hears_what_is_overdue(occasion: str, expected: str) -> None:
    assert expected in render_text(message(EventName.OVERDUE, occasion=occasion, id=ALICE))


def test_a_teacher_hears_of_a_lesson_of_theirs_and_a_student_of_the_teacher() -> None:
    assert render_text(message(EventName.CREATED, id=ALICE)).startswith("A lesson of yours")
    assert render_text(message(EventName.CREATED)).startswith("A lesson with Alice")
