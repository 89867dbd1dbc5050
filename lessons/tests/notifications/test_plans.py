"""The relay's statements walk an index, at a size at which the planner has the choice."""

from typing import Any

import pytest

from lessons.models import Delivery, User
from lessons.notifications import (
    candidates,
    claim,
    due,
    expand,
    order,
    reap,
    record,
    reminders,
    settle,
    successors,
    take,
)
from lessons.retention import deliveries
from lessons.sql import array_of
from lessons.tests.years import morning_comes, plan_of, read_as_a_whole, scans_of, years_pass

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(alice: User, carol: User) -> None:
    years_pass(alice, carol)


STATEMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "work for the relay": (due.WORK, {"names": ["log", "sms"], "grace": 20}),
    "due on a channel": (due.DUE, {"name": "log"}),
    "candidates": (candidates.CANDIDATES, {"name": "log", "limit": 200, "tick": 10}),
    "in flight": (claim.LOCK_CHANNEL.rpartition(";")[2], {"name": "log"}),
    "expired leases": (reap.TAKE_BACK, {"limit": 1000}),
    "to be pruned": (
        deliveries.OUTDATED,
        {"after": "-infinity", "after_event": 0, "days": 90, "dead_days": 365, "limit": 200},
    ),
    "reminders": (
        reminders.DUE.format(status="scheduled", column="start_time"),
        {
            "now": None,
            "offset": reminders.occasions()[0].offset,
            "patience": reminders.REMINDER_PATIENCE,
            "event": "reminder",
            "occasion": "-24h",
            "limit": 500,
        },
    ),
}


def test_no_table_that_grows_is_read_as_a_whole(history: None) -> None:
    whole = {name: read_as_a_whole(plan_of(*statement)) for name, statement in STATEMENTS.items()}

    assert not {name: tables for name, tables in whole.items() if tables}


# How each index of deliveries finds what it is asked for, and does not walk over all that waits.
FOUND_BY = {
    "lessons_delivery_pkey": "id = ",
    "delivery_due": "next_attempt_at",
    "delivery_leased": "",  # all that is in flight is not much
    "delivery_open": "lesson_id",
    "delivery_once": "event_id",
}
RUN = "00000000-0000-0000-0000-000000000001"


def of_these(ids: list[int]) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is asked about a few messages at hand."""
    told = array_of(ids)
    return {
        "take": (take.TAKE, {"ids": told, "run": RUN, "lease": 90}),
        "record": (
            record.RECORD.rpartition(";")[2],
            {"run": RUN, "task": RUN, "slack": 1, "deliveries": told, "results": "[]"},
        ),
        "free": (successors.FREE, {"ids": ids}),
        "settle": (settle.SETTLE.rpartition(";")[2], {"dispatches": ids}),
        "lease": (
            claim.LEASE,
            {"run": RUN, "channel": "log", "size": 1, "count": 1, "task_ids": [], "lease": 20}
            | {"ids": told, "batches": told},
        ),
        "skip": (claim.SKIP, {"ids": ids, "reasons": ["superseded"] * len(ids)}),
        "push back": (claim.PUSH_BACK, {"ids": ids, "until": [None] * len(ids)}),
        "lock": (order.LOCK_PENDING, {"ids": ids}),
    }


def test_after_a_quiet_night_nothing_walks_over_all_that_waits(history: None) -> None:
    morning_comes()
    few = list(Delivery.objects.filter(state="pending").values_list("pk", flat=True)[:20])

    scans = {
        name: scans_of(plan_of(*statement), "lessons_delivery")
        for name, statement in {**STATEMENTS, **of_these(few)}.items()
    }

    walks = {
        name: [scan for scan in found if FOUND_BY.get(scan[0], "never") not in scan[1]] for name, found in scans.items()
    }
    assert not {name: found for name, found in walks.items() if found}


def test_the_oldest_event_is_found_without_sorting_all_that_wait(history: None) -> None:
    morning_comes()

    plan = plan_of(
        expand.EXPAND.rpartition(";")[2].format(channels=expand.NO_CHANNEL),
        {"limit": 100, "attempts": 8, "names": ["log"]},
    )

    assert ("dispatch_unexpanded", "") in scans_of(plan, "lessons_dispatch")
