"""Domain errors in the model's terms."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from django_fsm import TransitionNotAllowed

from lessons import lifecycle
from lessons.models import SlotConflict, StaleLesson, UnrecordedChange
from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.school import Refusal

DOMAIN_ERRORS = (
    lifecycle.ConcurrentChange,
    lifecycle.ConditionUnmet,
    lifecycle.InvalidLesson,
    lifecycle.LessonNotFound,
    lifecycle.NotEditable,
    lifecycle.NotPermitted,
    lifecycle.TransitionRefused,
    lifecycle.VersionMismatch,
    IntegrityError,
    SlotConflict,
    StaleLesson,
    TransitionNotAllowed,
    UnrecordedChange,
)
DETAIL = {"ConditionUnmet": "code", "InvalidLesson": "field", "NotEditable": "field", "TransitionRefused": "name"}


def refusal_of(do: Callable[[], object], cast: Cast) -> Refusal:
    """The domain error that comes of it, in the model's terms."""
    with pytest.raises(DOMAIN_ERRORS) as refused:
        do()
    error: Any = refused.value
    name = type(error).__name__
    if isinstance(error, SlotConflict):
        return Refusal(name, frozenset((cast.name(clash.user_id), clash.lesson_id) for clash in error.clashes))
    return Refusal(name, getattr(error, DETAIL[name]) if name in DETAIL else None)
