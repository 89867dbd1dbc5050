"""The worker's log: who was told, in their own language."""

import logging
from typing import ClassVar

from lessons.notifications.channels.base import Channel, Sent
from lessons.notifications.messages import Message, one_line

logger = logging.getLogger("lessons.notifications.log")

LINES = {
    ("en", False): "Notification sent to student %s for lesson %s",
    ("en", True): "Notification sent to teacher %s for lesson %s",
    ("ru", False): "Уведомление отправлено студенту %s по уроку %s",
    ("ru", True): "Уведомление отправлено преподавателю %s по уроку %s",
}


class LogChannel(Channel):
    name: ClassVar[str] = "log"
    batch_size: ClassVar[int] = 1000
    window: ClassVar[int] = 10_000

    def send(self, message: Message) -> Sent:
        recipient = message.recipient
        logger.info(LINES[recipient.language, message.to_teacher], recipient.id, one_line(message.event.title))
        return Sent()
