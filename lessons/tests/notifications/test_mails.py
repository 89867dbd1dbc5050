"""What an e-mail says: its subject, its text and its HTML, which tell the same."""

import pytest

from lessons.events import EventName
from lessons.notifications.mails import render_mail
from lessons.tests.notifications.messages import ALICE, JOINED, LEFT, message

MOSCOW = {"language": "ru", "time_zone": "Europe/Moscow"}


@pytest.mark.parametrize("reader", [{}, {"id": ALICE}, {"id": LEFT}, {"id": JOINED}])
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", EventName)
def test_every_event_has_an_e_mail_in_every_language(name: str, language: str, reader: dict[str, int]) -> None:
    mail = render_mail(message(name, language=language, **reader))

    assert mail.subject.endswith(": Algebra")
    for body in (mail.text, mail.html):
        assert "Alice" in body
        assert "09:00–10:00 UTC" in body
        assert "None" not in body
    assert f'<html lang="{language}">' in mail.html


def test_times_are_on_the_readers_clock_and_days_have_names() -> None:
    mail = render_mail(message(**MOSCOW))

    assert "Когда: Четверг, 5 марта 2026, 12:00–13:00 MSK" in mail.text
    assert "Четверг, 5 марта 2026<br><strong>12:00–13:00 MSK</strong>" in mail.html


def test_a_reschedule_shows_the_old_time_struck_out_beside_the_new_one() -> None:
    mail = render_mail(message(EventName.RESCHEDULED))

    assert "Before: Wednesday, 4 February 2026, 12:00–13:00 UTC\nWhen: Thursday, 5 March 2026, 09:00" in mail.text
    assert '<td class="old">Wednesday, 4 February 2026<br>12:00–13:00 UTC</td>' in mail.html
    assert "<td>Thursday, 5 March 2026<br>" in mail.html


@pytest.mark.parametrize(
    ("of", "is_struck"),
    [((EventName.CANCELLED, {}), True), ((EventName.UPDATED, {"id": LEFT}), True), ((EventName.UPDATED, {}), False)],
)
def test_a_time_that_does_not_count_any_more_is_struck_out(of: tuple[str, dict[str, int]], is_struck: bool) -> None:
    name, reader = of

    assert ('<td class="old">Thursday, 5 March 2026' in render_mail(message(name, **reader)).html) == is_struck


@pytest.mark.parametrize("name", EventName)
def test_the_reason_is_told_once_and_only_where_there_is_one(name: str) -> None:
    mail = render_mail(message(name, reason="flu & fever"))

    assert mail.text.count("Reason: flu & fever") == mail.html.count("flu &amp; fever") == 1
    assert "Reason" not in render_mail(message(name)).text


def test_what_somebody_typed_is_shown_and_not_run() -> None:
    mail = render_mail(message(EventName.CANCELLED, title="<script>1</script>", reason="<b>\nflu"))

    assert "<script" not in mail.html
    assert "&lt;b&gt;<br>flu" in mail.html
    assert "The lesson “<script>1</script>”" in mail.text


@pytest.mark.parametrize("title", ["A\nBcc: eve@school.example", "A\r\nB", "A\u2028B", "A\x0bB"])
def test_a_subject_is_one_line_whatever_the_title_holds(title: str) -> None:
    subject = render_mail(message(title=title)).subject

    assert subject.startswith("Lesson confirmed: A")
    assert subject.isprintable()
