"""Who was told of what: the progress of each event of a lesson, and one event down to every attempt."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from lessons.models import Delivery, DeliveryAttempt, DeliveryState, Dispatch

PAGE_SIZE = 50


@dataclass(frozen=True)
class Progress:
    """How many messages of a dispatch are in which state. Nothing at all until the relay has expanded it."""

    sent: int = 0
    waiting: int = 0
    dead: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.waiting + self.dead + self.skipped

    @property
    def wanted(self) -> int:
        """Those that were meant to arrive."""
        return self.total - self.skipped


def progress_of(dispatches: Collection[Dispatch]) -> dict[int, Progress]:
    """By event. What is settled has its counts; for the rest one query, whatever their number."""
    known = {d.pk: Progress(d.sent or 0, 0, d.dead or 0, d.skipped or 0) for d in dispatches if d.settled_at}
    unsettled = [d.pk for d in dispatches if not d.settled_at]
    return known | (_counted(unsettled) if unsettled else {})


def _counted(dispatches: Collection[int]) -> dict[int, Progress]:
    unfinished = Q(state__in=(DeliveryState.PENDING, DeliveryState.LEASED))
    rows = (
        Delivery.objects.filter(dispatch__in=dispatches)
        .order_by()
        .values_list("dispatch")
        .annotate(
            n_sent=Count("pk", filter=Q(state=DeliveryState.SENT)),
            n_waiting=Count("pk", filter=unfinished),
            n_dead=Count("pk", filter=Q(state=DeliveryState.DEAD)),
            n_skipped=Count("pk", filter=Q(state=DeliveryState.SKIPPED)),
        )
    )
    return dict.fromkeys(dispatches, Progress()) | {pk: Progress(*counts) for pk, *counts in rows}


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
