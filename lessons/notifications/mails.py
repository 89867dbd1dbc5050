"""E-mails: a heading, the sentence that every channel tells, and the facts; as text and as HTML."""

from dataclasses import dataclass
from typing import NamedTuple

from django.template.loader import render_to_string

from lessons.events import EventName
from lessons.notifications.messages import Message, context_of, in_terms_of, one_line, render_text


class Heading(NamedTuple):
    """What an e-mail is about, in few words, and the colour of its head."""

    en: str
    ru: str
    colour: str


GOOD, PLAIN, CHANGED, OFF = "#0b6b5d", "#2d4a7c", "#8a4b00", "#a02c2c"
HEADINGS = {
    EventName.CREATED: Heading("New lesson", "Новый урок", PLAIN),
    EventName.UPDATED: Heading("Lesson changed", "Урок изменён", CHANGED),
    "joined": Heading("You take part", "Вы участвуете", GOOD),
    "left": Heading("You no longer take part", "Вы больше не участвуете", OFF),
    EventName.SCHEDULED: Heading("Lesson confirmed", "Урок состоится", GOOD),
    EventName.RESCHEDULED: Heading("Lesson moved", "Урок перенесён", CHANGED),
    EventName.STARTED: Heading("Lesson started", "Урок начался", GOOD),
    EventName.COMPLETED: Heading("Lesson over", "Урок завершён", PLAIN),
    EventName.CANCELLED: Heading("Lesson cancelled", "Урок отменён", OFF),
    EventName.REMINDER: Heading("Reminder", "Напоминание", PLAIN),
    EventName.OVERDUE: Heading("Please see to this lesson", "Урок ждёт вас", CHANGED),
}

WORDS = {
    "en": {
        "before": "Before",
        "when": "When",
        "teacher": "Teacher",
        "reason": "Reason",
        "why": "This is about a lesson of yours. How you are told is set in your profile.",
    },
    "ru": {
        "before": "Было",
        "when": "Когда",
        "teacher": "Преподаватель",
        "reason": "Причина",
        "why": "Это письмо об уроке с вашим участием. Способы уведомления выбираются в вашем профиле.",
    },
}


@dataclass(frozen=True)
class Mail:
    """What an e-mail says. The subject is one line."""

    subject: str
    text: str
    html: str


def render_mail(message: Message) -> Mail:
    """In the recipient's language, with times in their time zone and its name."""
    language = message.recipient.language
    heading = HEADINGS[_kind(message)]
    context = {
        **context_of(message),
        "language": language,
        "heading": getattr(heading, language),
        "colour": heading.colour,
        "is_off": heading.colour == OFF,
        "sentence": render_text(message, reason=""),
        "words": WORDS[language],
    }
    with in_terms_of(message.recipient):
        text = render_to_string("lessons/messages/email.txt", context)
        html = render_to_string("lessons/messages/email.html", context)
    return Mail(one_line(f"{context['heading']}: {context['title']}"), text, html)


def _kind(message: Message) -> str:
    if message.has_left:
        return "left"
    return "joined" if message.has_joined else message.event.name
