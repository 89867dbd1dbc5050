"""What the tables of the code are held against."""

from lessons.events import EventName

# Said again here, so that a change of the table has to be meant.
EVERY = set(EventName)
ALL_BUT_UPDATED = EVERY - {EventName.UPDATED}
SUPERSEDED = {
    EventName.CREATED: set(),
    EventName.UPDATED: {EventName.UPDATED},
    EventName.SCHEDULED: {EventName.CREATED, EventName.UPDATED},
    EventName.RESCHEDULED: ALL_BUT_UPDATED,
    EventName.STARTED: ALL_BUT_UPDATED,
    EventName.COMPLETED: ALL_BUT_UPDATED,
    EventName.CANCELLED: EVERY,
    EventName.REMINDER: set(),
    EventName.OVERDUE: {EventName.OVERDUE},
}
