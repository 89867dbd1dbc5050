"""The table of events: whom each tells, and which undelivered messages it makes pointless."""

from dataclasses import dataclass
from enum import StrEnum


class EventName(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    STARTED = "started"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    OVERDUE = "overdue"


ALL = frozenset(EventName)
ALL_BUT_UPDATED = ALL - {EventName.UPDATED}
NONE: frozenset[EventName] = frozenset()


@dataclass(frozen=True)
class EventRule:
    """`supersedes`: what is still undelivered of these, and earlier, is skipped for the same person and channel."""

    tells_teacher: bool
    tells_students: bool
    supersedes: frozenset[EventName]
    needs_earlier_message: bool = False  # pointless for whom nothing of the lesson was ever sent


RULES: dict[EventName, EventRule] = {
    EventName.CREATED: EventRule(True, True, NONE),
    # Of a draft, an update tells only the students who left.
    EventName.UPDATED: EventRule(True, True, frozenset({EventName.UPDATED})),
    EventName.SCHEDULED: EventRule(True, True, frozenset({EventName.CREATED, EventName.UPDATED})),
    EventName.RESCHEDULED: EventRule(True, True, ALL_BUT_UPDATED),
    EventName.STARTED: EventRule(True, True, ALL_BUT_UPDATED),
    EventName.COMPLETED: EventRule(True, True, ALL_BUT_UPDATED),
    EventName.CANCELLED: EventRule(True, True, ALL, needs_earlier_message=True),
    EventName.REMINDER: EventRule(True, True, NONE),
    EventName.OVERDUE: EventRule(True, False, frozenset({EventName.OVERDUE})),
}


def supersedes(later: str, earlier: str, *, earlier_changed_people: bool) -> bool:
    """Whether a `later` event makes an undelivered message about an `earlier` one pointless.

    An update that changed who takes part says what no later update repeats: it stays.
    """
    if later == earlier == EventName.UPDATED and earlier_changed_people:
        return False
    return earlier in RULES[EventName(later)].supersedes


TRANSITION_EVENTS: dict[str, EventName] = {
    "schedule": EventName.SCHEDULED,
    "reschedule": EventName.RESCHEDULED,
    "start": EventName.STARTED,
    "complete": EventName.COMPLETED,
    "cancel": EventName.CANCELLED,
}
