"""E-mail over SMTP, through Django's e-mail backend: one connection for a batch.

SMTP cannot deduplicate: where an answer is lost, the e-mail may arrive twice, with the same Message-ID.
"""

import logging
import smtplib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from functools import partial
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email

from lessons.notifications.channels.base import Channel, SendError, Sent
from lessons.notifications.channels.invitation import invitation
from lessons.notifications.mails import render_mail
from lessons.notifications.messages import Message

logger = logging.getLogger("lessons.notifications.email")

CLOSING, LOGIN_NEEDED, LOWEST_PERMANENT = 421, 530, 500


class EmailChannel(Channel):
    name: ClassVar[str] = "email"
    address_field: ClassVar[str | None] = "email"
    batch_size: ClassVar[int] = 20
    # Two batches for each of four slots: the second is taken within 20 s even where an e-mail takes most of one.
    window: ClassVar[int] = 160

    def send(self, message: Message) -> Sent:
        with _connection() as connection:
            return _send(connection, message)

    def send_all(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Sent | SendError]]:
        with _connection() as connection:
            for message in messages:
                yield message, self.outcome(message, partial(_send, connection))


@contextmanager
def _connection() -> Iterator[BaseEmailBackend]:
    """Opened by the first e-mail. A farewell that fails changes nothing about what was sent."""
    connection = get_connection()
    try:
        yield connection
    finally:
        with suppress(OSError):
            connection.close()


def _send(connection: BaseEmailBackend, message: Message) -> Sent:
    try:
        validate_email(message.recipient.email)
    except ValidationError as error:
        raise SendError("invalid_address", permanent=True) from error
    mail, message_id = _compose(message)
    try:
        connection.open()
    except OSError as error:  # SMTP's errors are OSErrors, too
        raise SendError(f"the mail server cannot be reached: {type(error).__name__}", channel_down=True) from error
    try:
        connection.send_messages([mail])
    except OSError as error:
        with suppress(OSError):
            connection.close()  # who knows in which state it is: the next e-mail gets a new one
        raise _explained(error) from error
    logger.info("E-mail %s for lesson %s accepted", message.idempotency_key, message.event.lesson_id)
    return Sent(message_id[:100])


def _compose(message: Message) -> tuple[EmailMultiAlternatives, str]:
    """The e-mail and its Message-ID, which is the same for every try."""
    name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message_id = f"<{message.idempotency_key}@{sender.rpartition('@')[2]}>"
    content = render_mail(message)
    mail = EmailMultiAlternatives(
        content.subject,
        content.text,
        to=[message.recipient.email],
        headers={
            "Message-ID": message_id,
            "Content-Language": message.recipient.language,
            "Auto-Submitted": "auto-generated",  # nobody's out-of-office answers it
        },
    )
    mail.attach_alternative(content.html, "text/html")
    if invited := invitation(message, organizer=sender, organizer_name=name):
        mail.attach("lesson.ics", invited.content, f"text/calendar; method={invited.method}")
    return mail, message_id


def _explained(error: OSError) -> SendError:
    """What a conversation that failed means for the e-mail. Replies may repeat addresses: only the log has them."""
    logger.warning("E-mail failed: %s", error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, _),) = error.recipients.values()  # each e-mail has one recipient
    elif isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
    elif isinstance(error.__context__, TimeoutError):
        return SendError("the mail server did not answer in time", suspicious=True)
    else:
        return SendError("the mail server hung up", channel_down=True)
    text = f"the mail server answered {code}"
    if code in (CLOSING, LOGIN_NEEDED) or isinstance(error, smtplib.SMTPHeloError):
        return SendError(text, channel_down=True)
    if code >= LOWEST_PERMANENT:
        return SendError(text, permanent=True)
    # A mailbox that is busy is the recipient's; anything else that fails for now may be the server's.
    return SendError(text, suspicious=not isinstance(error, smtplib.SMTPRecipientsRefused))
