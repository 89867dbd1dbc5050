"""The relay's statements walk an index, at a size at which the planner has the choice."""

from typing import Any

import pytest

from lessons.models import User
from lessons.notifications import candidates, claim, due, prune, reap, reminders
from lessons.tests.years import plan_of, read_as_a_whole, years_pass

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
        prune.OUTDATED,
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
