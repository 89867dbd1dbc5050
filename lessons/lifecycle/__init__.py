"""Every change of a lesson: what API, admin and commands call. One function per use, one transaction per call.

Each function locks the lesson, asks the table of rights on the locked row, changes it and saves. All return the
saved lesson, with `latest_event` set to the event that was written (None where nothing changed). They raise:

`LessonNotFound`      no such lesson, or not one that the actor may see
`NotPermitted`        the actor sees it, but may not do this
`VersionMismatch`     `expected_version` is not the lesson's version
`InvalidLesson`       a value that no lesson can have; names the field
`NotEditable`         this may not be edited in the lesson's status
`TransitionRefused`   the transition is not possible from the lesson's status
`ConditionUnmet`      it is, but a condition is not met
`SlotConflict`        somebody is already booked
`ConcurrentChange`    another change of the lesson is under way

The signal `transition_tried` tells whoever watches how each transition went.

What people are told of it is redelivered here, too; see `redelivery`.
"""

from lessons.lifecycle.access import (
    ConcurrentChange,
    LessonNotFound,
    NotPermitted,
    VersionMismatch,
    check_access,
    check_may_create,
)
from lessons.lifecycle.announcements import transition_tried
from lessons.lifecycle.editing import EDITABLE, Edit, NotEditable, create_lesson, update_lesson
from lessons.lifecycle.redelivery import (
    NotDead,
    NothingToRedeliver,
    redeliver_channel,
    redeliver_delivery,
    redeliver_dispatch,
)
from lessons.lifecycle.rules import InvalidLesson, validate_times
from lessons.lifecycle.transitions import (
    BY_TRANSITION,
    TransitionRefused,
    cancel_lesson,
    complete_lesson,
    reschedule_lesson,
    schedule_lesson,
    start_lesson,
)
from lessons.models import SlotConflict
from lessons.models.lesson import ConditionUnmet

__all__ = [
    "BY_TRANSITION",
    "EDITABLE",
    "ConcurrentChange",
    "ConditionUnmet",
    "Edit",
    "InvalidLesson",
    "LessonNotFound",
    "NotDead",
    "NotEditable",
    "NotPermitted",
    "NothingToRedeliver",
    "SlotConflict",
    "TransitionRefused",
    "VersionMismatch",
    "cancel_lesson",
    "check_access",
    "check_may_create",
    "complete_lesson",
    "create_lesson",
    "redeliver_channel",
    "redeliver_delivery",
    "redeliver_dispatch",
    "reschedule_lesson",
    "schedule_lesson",
    "start_lesson",
    "transition_tried",
    "update_lesson",
    "validate_times",
]
