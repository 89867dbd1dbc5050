"""Another try for dead letters: for one of them, for all of a dispatch, for all of a channel that was away for long."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from lessons import policies
from lessons.lifecycle.access import LessonNotFound, NotPermitted, check_access, told_as_domain_errors
from lessons.models import Delivery, DeliveryState, Dispatch, User
from lessons.notifications.redeliver import dead_since, redeliver
from lessons.policies import Relation, Right
from lessons.wake import wake_soon

DELIVERIES_AT_ONCE = 1000


class NotDead(Exception):
    """The delivery was sent or skipped, or it is still under way."""


class NothingToRedeliver(Exception):
    """None of these deliveries is dead."""


def redeliver_delivery(*, delivery_id: int, actor: User | None, reason: str = "") -> list[int]:
    """One more allowance of attempts for a dead delivery; its id.

    Raises `LessonNotFound` (a delivery of no lesson that the actor may know of), `NotPermitted`, `NotDead`,
    `ConcurrentChange`.
    """
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    _check_access(delivery, actor)
    return _redeliver([delivery_id], actor, reason, otherwise=NotDead)


def redeliver_dispatch(*, dispatch_id: int, actor: User | None, reason: str = "") -> list[int]:
    """The same for all dead deliveries of a dispatch; their ids.

    Raises `LessonNotFound`, `NotPermitted`, `NothingToRedeliver`, `ConcurrentChange`.
    """
    _check_access(Dispatch.objects.filter(pk=dispatch_id).first(), actor)
    dead = Delivery.objects.filter(dispatch_id=dispatch_id, state=DeliveryState.DEAD).values_list("pk", flat=True)
    return _redeliver(list(dead), actor, reason, otherwise=NothingToRedeliver)


def redeliver_channel(*, channel: str, since: datetime, actor: User | None, reason: str = "") -> int:
    """The same for all that died on a channel since a moment, whichever lessons they are about; how many they are.

    For those whose rights reach every lesson. A thousand at a time, so that nobody waits for long behind them: where
    it is cut short by `ConcurrentChange`, what was redelivered stays so. Raises `NotPermitted`, `NothingToRedeliver`.
    """
    if not policies.has_right(actor, Right.REDELIVER, Relation.NONE):
        raise NotPermitted
    dead = list(dead_since(channel=channel, since=since).order_by("dispatch_id", "pk").values_list("pk", flat=True))
    batches = (dead[i : i + DELIVERIES_AT_ONCE] for i in range(0, len(dead), DELIVERIES_AT_ONCE))
    redelivered = sum(len(_redeliver(batch, actor, reason)) for batch in batches)
    if not redelivered:
        raise NothingToRedeliver
    return redelivered


def _check_access(row: Delivery | Dispatch | None, actor: User | None) -> None:
    if row is None:
        raise LessonNotFound
    check_access(lesson_id=row.lesson_id, actor=actor, right=Right.REDELIVER)


def _redeliver(
    deliveries: Collection[int], actor: User | None, reason: str, *, otherwise: type[Exception] | None = None
) -> list[int]:
    """In one transaction. Raises `otherwise` where none of them is dead any more."""
    with told_as_domain_errors(), transaction.atomic():
        redelivered = redeliver(deliveries=deliveries, actor_id=actor.pk if actor else None, reason=reason)
        if not redelivered and otherwise:
            raise otherwise
        transaction.on_commit(wake_soon, robust=True)
    return redelivered
