"""Lessons move through their life: one address per transition, all of them one call of the life cycle."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import lifecycle
from lessons.api.example_answers import LESSON_MOVED
from lessons.api.examples import RESCHEDULE, TRANSITION
from lessons.api.idempotency import idempotent
from lessons.api.inputs import ReasonInput, RescheduleInput
from lessons.api.schema import ETAG, IDEMPOTENCY, IF_MATCH
from lessons.api.serializers import TransitionedLessonSerializer
from lessons.api.views.lesson_view import LessonView
from lessons.models import Lesson
from lessons.policies import Right


def _transition(summary: str, input_: type[ReasonInput] = ReasonInput) -> Callable[..., Any]:
    def described(method: Callable[..., Any]) -> Any:
        return extend_schema(
            operation_id=f"lessons_{method.__name__}",
            summary=summary,
            description="Who takes part is told. `dispatch` follows that; null where there is nobody to tell.",
            request=input_,
            responses=TransitionedLessonSerializer,
            parameters=[IDEMPOTENCY, IF_MATCH, ETAG],
            examples=[*(RESCHEDULE if input_ is RescheduleInput else TRANSITION), LESSON_MOVED],
            tags=["lessons"],
        )(method)

    return described


class LessonTransitions(LessonView):
    @_transition("Schedule a draft: everybody is booked")
    def schedule(self, request: Request, pk: str) -> Response:
        return self._move(pk, "schedule")

    @_transition("Move a scheduled lesson to another time", RescheduleInput)
    def reschedule(self, request: Request, pk: str) -> Response:
        return self._move(pk, "reschedule", RescheduleInput)

    @_transition("Start a scheduled lesson")
    def start(self, request: Request, pk: str) -> Response:
        return self._move(pk, "start")

    @_transition("Complete a started lesson")
    def complete(self, request: Request, pk: str) -> Response:
        return self._move(pk, "complete")

    @_transition("Cancel a lesson: everybody is free again")
    def cancel(self, request: Request, pk: str) -> Response:
        return self._move(pk, "cancel")

    @idempotent
    def _move(self, pk: str, name: str, input_: type[ReasonInput] = ReasonInput) -> Response:
        lesson_id, actor = int(pk), self.person
        values = self.read_body(
            input_, check_rights=lambda: lifecycle.check_access(lesson_id=lesson_id, actor=actor, right=Right(name))
        )
        with self.told_as_problems(pk):
            lesson = lifecycle.BY_TRANSITION[name](
                lesson_id=lesson_id, actor=actor, expected_version=self.expected_version, **values
            )
        return self._answer_with_event(lesson)

    def _answer_with_event(self, lesson: Lesson) -> Response:
        """The lesson as its own address has it, ETag included, and what the transition set off."""
        event = lesson.latest_event
        assert event is not None  # noqa: S101 - every transition writes one
        response = self.answer(lesson)
        response.data |= {"event": event.pk, "dispatch": event.pk if event.recipients else None}
        return response
