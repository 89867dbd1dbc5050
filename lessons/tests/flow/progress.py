"""How far the notifications are: in the rows, and out in the world."""

from collections import defaultdict
from typing import Any

from backend.gateway import Gateway
from lessons.models import ChordRun, Delivery, DeliveryState, Dispatch, Lesson, User
from lessons.tests.queues import broker_is_idle

UNFINISHED = [DeliveryState.PENDING, DeliveryState.LEASED]


def is_settled(*lessons: Lesson) -> bool:
    """Everything that there is to tell of these lessons (of all, if none is named) has been told, or given up."""
    dispatches = Dispatch.objects.filter(lesson__in=lessons) if lessons else Dispatch.objects.all()
    return not dispatches.filter(settled_at=None).exists()


def runs_are_closed() -> bool:
    return not ChordRun.objects.filter(closed_at=None).exists()


def is_quiet() -> bool:
    """Nobody has anything to do: neither the rows nor the broker hold any work."""
    return (
        is_settled()
        and runs_are_closed()
        and not Delivery.objects.filter(state__in=UNFINISHED).exists()
        and broker_is_idle()
    )


def phone_of(gateway: Gateway, person: User) -> list[str]:
    """What arrived on somebody's phone, in that order."""
    return [message["text"] for message in arrived(gateway) if message["to"] == person.phone]


def mailbox_of(gateway: Gateway, person: User) -> list[dict[str, Any]]:
    """The e-mails that arrived for somebody, in that order."""
    return [mail for mail in gateway.provider.mails.after(None, limit=100_000) if mail["to"] == [person.email]]


def arrived(gateway: Gateway) -> list[dict[str, object]]:
    """What went out of the gateway, in that order; each message once, however often it was handed in."""
    return gateway.provider.messages.after(None, limit=100_000)


def everything_arrived_once(gateway: Gateway) -> bool:
    """What is recorded as sent is what went out of the gateway, in the order of each lesson's events.

    Of an e-mail the first arrival counts: over SMTP a lost answer, or a lost worker, may cost another one.
    """
    sent = Delivery.objects.filter(state=DeliveryState.SENT)
    sms = {row.idempotency_key: row for row in sent.filter(channel="sms")}
    e_mails = {row.provider_id: row for row in sent.filter(channel="email")}
    return _arrived_in_order([str(message["key"]) for message in arrived(gateway)], sms) and _arrived_in_order(
        list(dict.fromkeys(mail["message_id"] for mail in gateway.provider.mails.after(None, limit=100_000))), e_mails
    )


def _arrived_in_order(keys: list[str], rows: dict[str, Delivery]) -> bool:
    told: dict[tuple[int, int], list[int]] = defaultdict(list)
    for key in keys:
        told[rows[key].lesson_id, rows[key].recipient_id].append(rows[key].dispatch_id)
    return sorted(keys) == sorted(rows) and all(events == sorted(events) for events in told.values())
