"""Who was told of one event, down to every attempt: page by page, however many they are."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from lessons.models import Delivery, DeliveryAttempt, Dispatch

PAGE_SIZE = 50


@dataclass(frozen=True)
class DeliveryPage:
    """A page of a dispatch's deliveries, each with its attempts. `next_page` is None on the last one."""

    deliveries: list[Delivery]
    next_page: str | None


def deliveries_of(
    dispatch: Dispatch, *, state: str = "", search: str = "", after: str = "", size: int = PAGE_SIZE
) -> DeliveryPage:
    """In the order of people and channels, which an index has. Four queries, whatever their number.

    `after`: the `next_page` of the page before; what is none is the first page.
    """
    rows = Delivery.objects.filter(dispatch=dispatch).order_by("recipient_id", "channel")
    if state:
        rows = rows.filter(state=state)
    if search:
        rows = rows.filter(Q(recipient__full_name__icontains=search) | Q(recipient__username__icontains=search))
    found = list(_with_attempts(_after(rows, after))[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return DeliveryPage(found[:size], f"{last.recipient_id}-{last.channel}" if last else None)


def _after(rows: QuerySet[Delivery], after: str) -> QuerySet[Delivery]:
    recipient, _, channel = after.partition("-")
    if not (recipient.isdecimal() and recipient.isascii() and len(recipient) < 19):  # noqa: PLR2004 - a bigint
        return rows
    return rows.filter(Q(recipient_id__gt=int(recipient)) | Q(recipient_id=int(recipient), channel__gt=channel))


def _with_attempts(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    attempts = DeliveryAttempt.objects.order_by("number")
    return rows.select_related("recipient").prefetch_related(
        Prefetch("attempts", queryset=attempts), "redeliveries__actor"
    )
