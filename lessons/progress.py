"""Reads about who has been told what: dispatches, deliveries and chord runs, within what the reader may see."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lessons import policies
from lessons.models import ChordRun, Delivery, DeliveryAttempt, DeliveryState, Dispatch, DispatchState, User
from lessons.models.delivery import UNFINISHED
from lessons.policies import Right


def visible_dispatches(person: User) -> QuerySet[Dispatch]:
    """Those of the lessons that `person` teaches; all, for who sees everything."""
    dispatches = Dispatch.objects.all()
    return dispatches if policies.sees_everything(person) else dispatches.filter(lesson__teacher_id=person.pk)


def visible_deliveries(person: User) -> QuerySet[Delivery]:
    """The same; for who follows no lesson's dispatches, what was sent to themselves."""
    deliveries = Delivery.objects.all()
    if policies.sees_everything(person):
        return deliveries
    if policies.has_right_somewhere(person, Right.FOLLOW_DISPATCHES):
        return deliveries.filter(lesson__teacher_id=person.pk)
    return deliveries.filter(recipient_id=person.pk)


# --- Filters that stay flat: each goes by an index that is there anyway -------------------------------


def is_in(state: str) -> Q:
    """Dispatches in a state. Of the failed and partly delivered ones, those whose deliveries are still kept."""
    is_settled = Q(settled_at__isnull=False)
    return {
        DispatchState.PENDING: Q(settled_at=None, expanded_at=None),
        DispatchState.DELIVERING: Q(_has(UNFINISHED), settled_at=None, expanded_at__isnull=False),
        DispatchState.DELIVERED: is_settled & Q(sent__gt=0, dead=0),
        DispatchState.PARTLY_DELIVERED: is_settled & Q(_has(Q(state=DeliveryState.DEAD)), sent__gt=0, dead__gt=0),
        DispatchState.FAILED: is_settled & Q(_has(Q(state=DeliveryState.DEAD)), sent=0, dead__gt=0),
        DispatchState.SKIPPED: is_settled & Q(sent=0, dead=0),
    }[DispatchState(state)]


def _has(deliveries: Q) -> Q:
    return Q(pk__in=Delivery.objects.filter(deliveries).values("dispatch_id"))


def is_of_lesson(lesson_id: int) -> Q:
    """Deliveries about one lesson."""
    return Q(dispatch_id__in=Dispatch.objects.filter(lesson_id=lesson_id).values("pk"))


def is_carried_by(run_id: UUID) -> Q:
    """Deliveries that a chord run has in flight, or has tried."""
    tried = DeliveryAttempt.objects.filter(run_id=run_id).values("delivery_id")
    in_flight = Delivery.objects.filter(run_id=run_id, state=DeliveryState.LEASED).values("pk")
    return Q(pk__in=tried.union(in_flight))


# --- How far it has come ----------------------------------------------------------------------------


@dataclass
class Progress:
    """How many of a dispatch's deliveries are in which state, and how many go over which channel.

    Nothing at all until the relay has expanded it.
    """

    by_state: dict[str, int] = field(default_factory=dict)
    by_channel: dict[str, int] = field(default_factory=dict)

    def count(self, state: str, channel: str, number: int) -> None:
        for counts, key in ((self.by_state, state), (self.by_channel, channel)):
            counts[key] = counts.get(key, 0) + number

    def in_states(self, *states: str) -> int:
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def sent(self) -> int:
        return self.in_states(DeliveryState.SENT)

    @property
    def waiting(self) -> int:
        return self.in_states(DeliveryState.PENDING, DeliveryState.LEASED)

    @property
    def dead(self) -> int:
        return self.in_states(DeliveryState.DEAD)

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def wanted(self) -> int:
        """Those that were meant to arrive."""
        return self.total - self.in_states(DeliveryState.SKIPPED)


def progress_of(dispatches: Collection[Dispatch]) -> dict[int, Progress]:
    """By the dispatches' ids, in one query whatever their number. Of what was pruned, the states alone are known."""
    return _counted(dispatches, on_record={dispatch.pk for dispatch in dispatches if dispatch.pruned_at})


def states_of(dispatches: Collection[Dispatch]) -> dict[int, Progress]:
    """The same without the channels: of what is settled the states are on record, and nothing is counted."""
    return _counted(dispatches, on_record={dispatch.pk for dispatch in dispatches if dispatch.settled_at})


def _counted(dispatches: Collection[Dispatch], *, on_record: Collection[int]) -> dict[int, Progress]:
    progress = {
        dispatch.pk: Progress(by_state=_record(dispatch) if dispatch.pk in on_record else {}) for dispatch in dispatches
    }
    rows = Delivery.objects.filter(dispatch__in=progress.keys() - on_record).values("dispatch_id", "state", "channel")
    for row in rows.annotate(number=Count("id")).order_by("state", "channel"):
        progress[row["dispatch_id"]].count(row["state"], row["channel"], row["number"])
    return progress


def _record(dispatch: Dispatch) -> dict[str, int]:
    counts = {
        DeliveryState.DEAD: dispatch.dead,
        DeliveryState.SENT: dispatch.sent,
        DeliveryState.SKIPPED: dispatch.skipped,
    }
    return {state.value: number for state, number in counts.items() if number}


def runs_of(dispatches: Collection[Dispatch]) -> dict[int, list[UUID]]:
    """The chord runs that carried some of each dispatch's deliveries, those of earlier tries included; one query."""
    runs: dict[int, list[UUID]] = {dispatch.pk: [] for dispatch in dispatches}
    deliveries = Delivery.objects.filter(dispatch__in=list(runs))
    last = deliveries.filter(run__isnull=False).values_list("dispatch_id", "run_id")
    earlier = deliveries.filter(attempts__run__isnull=False).values_list("dispatch_id", "attempts__run_id")
    for dispatch, run in last.union(earlier).order_by("dispatch_id", "run_id"):
        runs[dispatch].append(run)
    return runs


def chord_runs() -> QuerySet[Any]:
    """All of them, with `done`."""
    return with_done(ChordRun.objects.all())


def with_done(runs: QuerySet[ChordRun]) -> QuerySet[Any]:
    """The runs with `done`: the number of header tasks none of whose deliveries is still in flight."""
    in_flight = Delivery.objects.filter(channel=OuterRef("channel"), run=OuterRef("pk"), state=DeliveryState.LEASED)
    leased = in_flight.order_by().values("run")
    busy = leased.annotate(batches=Count("batch", distinct=True)).values("batches")
    return runs.annotate(done=F("size") - Coalesce(Subquery(busy), 0))
