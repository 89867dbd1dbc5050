"""The rows.

`lesson` is the state machine, `recorded` its save() and `remembered` how the row was before it; `outbox` is what a save
writes beside the lesson.
"""

from lessons.models.booking import Booking, SlotConflict
from lessons.models.change import Change
from lessons.models.delivery import AttemptOutcome, Delivery, DeliveryAttempt, DeliveryState, Redelivery
from lessons.models.dispatch import Dispatch, DispatchState
from lessons.models.event import LessonEvent
from lessons.models.idempotency import IdempotencyRecord
from lessons.models.lesson import Lesson, Status
from lessons.models.minute import DeliveryMinute
from lessons.models.photo import Photo
from lessons.models.recorded import StaleLesson, UnrecordedChange
from lessons.models.run import Channel, ChordRun, RunState
from lessons.models.title_words import title_has
from lessons.models.user import User

__all__ = [
    "AttemptOutcome",
    "Booking",
    "Change",
    "Channel",
    "ChordRun",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryMinute",
    "DeliveryState",
    "Dispatch",
    "DispatchState",
    "IdempotencyRecord",
    "Lesson",
    "LessonEvent",
    "Photo",
    "Redelivery",
    "RunState",
    "SlotConflict",
    "StaleLesson",
    "Status",
    "UnrecordedChange",
    "User",
    "title_has",
]
