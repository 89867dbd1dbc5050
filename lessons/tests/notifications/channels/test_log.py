"""The log's lines, exactly: who was told of which lesson, in their own language, on one line."""

import pytest

from lessons.events import EventName
from lessons.notifications.channels import REGISTRY, Sent
from lessons.tests.notifications.messages import ALICE, LEFT, message

LOG = REGISTRY["log"]


def line(caplog: pytest.LogCaptureFixture, **of: object) -> str:
    caplog.set_level("INFO", "lessons.notifications.log")
    assert LOG.send(message(**of)) == Sent()  # type: ignore[arg-type]
    (record,) = caplog.records
    return record.getMessage()


@pytest.mark.parametrize(
    ("language", "reader", "expected"),
    [
        ("en", 12, "Notification sent to student 12 for lesson Algebra"),
        ("ru", 12, "Уведомление отправлено студенту 12 по уроку Algebra"),
        ("en", ALICE, "Notification sent to teacher 7 for lesson Algebra"),
        ("ru", ALICE, "Уведомление отправлено преподавателю 7 по уроку Algebra"),
    ],
)
def test_who_was_told(caplog: pytest.LogCaptureFixture, language: str, reader: int, expected: str) -> None:
    assert line(caplog, language=language, id=reader) == expected


def test_a_former_teacher_is_a_teacher_and_one_who_now_attends_is_a_student(caplog: pytest.LogCaptureFixture) -> None:
    taken_over = {"teacher": ALICE, "old_teacher": LEFT}
    caplog.set_level("INFO", "lessons.notifications.log")

    LOG.send(message(EventName.UPDATED, id=LEFT, snapshot=taken_over))
    LOG.send(message(EventName.UPDATED, id=LEFT, snapshot={**taken_over, "left": []}))

    assert [record.getMessage().split()[3] for record in caplog.records] == ["teacher", "student"]


def test_a_russian_title(caplog: pytest.LogCaptureFixture) -> None:
    expected = "Уведомление отправлено студенту 12 по уроку Алгебра"

    assert line(caplog, language="ru", title="Алгебра") == expected


@pytest.mark.parametrize("title", ["A\nB", "A\r\nB", "A\x1b[31mB", "A\u2028B", "A\x00B", "A\x0bB"])
def test_a_title_cannot_forge_a_second_line(caplog: pytest.LogCaptureFixture, title: str) -> None:
    text = line(caplog, title=title)

    assert len(text.splitlines()) == 1
    assert text.isprintable()


@pytest.mark.parametrize("title", ["100 % %s %d", "A & B <1>", "Ωμέγα 🎓"])
def test_a_title_is_logged_as_it_was_typed(caplog: pytest.LogCaptureFixture, title: str) -> None:
    assert line(caplog, title=title).endswith(f"for lesson {title}")


def test_a_batch_is_one_line_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "lessons.notifications.log")

    outcomes = list(LOG.send_all([message(id=number) for number in (1, 2, 3)]))

    assert [outcome for _, outcome in outcomes] == [Sent(), Sent(), Sent()]
    assert [record.getMessage()[:31] for record in caplog.records] == [
        f"Notification sent to student {number} " for number in (1, 2, 3)
    ]
