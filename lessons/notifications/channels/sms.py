"""SMS by an HTTP gateway that honours an Idempotency-Key."""

import email.utils
import logging
import time
from functools import cache
from typing import ClassVar

import requests
from django.conf import settings

from lessons.notifications.channels.base import Channel, SendError, Sent
from lessons.notifications.messages import Message, render_text

logger = logging.getLogger("lessons.notifications.sms")

UNAUTHORIZED, TOO_MANY, UNAVAILABLE, SERVER_ERROR, CLIENT_ERROR = 401, 429, 503, 500, 400


@cache
def _session() -> requests.Session:
    """One connection per process, kept open between messages."""
    return requests.Session()


class SmsChannel(Channel):
    name: ClassVar[str] = "sms"
    address_field: ClassVar[str | None] = "phone"
    batch_size: ClassVar[int] = 1  # the provider takes seconds: one message per task keeps every slot busy
    window: ClassVar[int] = 12

    def send(self, message: Message) -> Sent:
        response = self._post(message)
        if response.status_code >= CLIENT_ERROR:
            raise self._error(response)
        try:
            provider_id = str(response.json()["id"])
        except (ValueError, KeyError, TypeError):
            provider_id = ""
        logger.info(
            "SMS %s for lesson %s accepted as %s", message.idempotency_key, message.event.lesson_id, provider_id
        )
        return Sent(provider_id[:100])

    def _post(self, message: Message) -> requests.Response:
        try:
            return _session().post(
                f"{settings.SMS_GATEWAY_URL.rstrip('/')}/sms/messages",
                json={"to": message.recipient.phone, "text": render_text(message)},
                headers={
                    "Idempotency-Key": message.idempotency_key,
                    "Authorization": f"Bearer {settings.SMS_GATEWAY_TOKEN}",
                },
                timeout=settings.TIMING.provider_timeout,
            )
        except requests.ReadTimeout as error:
            raise SendError("the gateway did not answer in time", suspicious=True) from error
        except requests.RequestException as error:
            raise SendError(f"the gateway cannot be reached: {type(error).__name__}", channel_down=True) from error

    def _error(self, response: requests.Response) -> SendError:
        status, text = response.status_code, f"the gateway answered {response.status_code}"
        retry_after = parse_retry_after(response.headers.get("Retry-After"))
        if status in (UNAUTHORIZED, UNAVAILABLE):  # a token that expired must not cost every message its life
            return SendError(text, channel_down=True, retry_after=retry_after)
        if status >= SERVER_ERROR:
            return SendError(text, suspicious=True, retry_after=retry_after)
        return SendError(text, permanent=status != TOO_MANY, retry_after=retry_after)


def parse_retry_after(value: str | None) -> float | None:
    """Seconds, from a number or a date (RFC 9110, 10.2.3); None where there is neither."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
