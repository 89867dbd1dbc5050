"""The database's clock, as far as delivery looks at it: it moves by the machine's word alone.

That time passes means to a database that its rows lie further in the past: so they are moved there. An act
takes ACT_SECONDS, however long the computer is about it: otherwise a pause of 50 ms would have passed in one
run and not in the next.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField

from lessons.models import Channel, ChordRun, Delivery, DeliveryAttempt, Dispatch
from lessons.sql import execute, fetch

# No pause of delivery's is a multiple of it, or near one.
ACT_SECONDS = 0.7


def _into_the_past(model: Any) -> str:
    columns = [field.column for field in model._meta.concrete_fields if isinstance(field, DateTimeField)]
    return f"UPDATE {model._meta.db_table} SET " + ", ".join(f"{column} = {column} - %(by)s" for column in columns)


MOVE_ALL = ";".join(_into_the_past(model) for model in (Delivery, DeliveryAttempt, Dispatch, ChordRun, Channel))


def database_now() -> datetime:
    now: datetime = fetch("SELECT clock_timestamp()")[0][0]
    return now


class Clock:
    def __init__(self) -> None:
        self._last_act = database_now()

    def passes(self, time: timedelta) -> None:
        execute(MOVE_ALL, by=time)

    def ends_act(self) -> None:
        now = database_now()
        self.passes(timedelta(seconds=ACT_SECONDS) - (now - self._last_act))
        self._last_act = now
