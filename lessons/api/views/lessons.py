"""Lessons: read them, create and edit them, move them through their life."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from lessons import lifecycle, selectors
from lessons.api.etags import etag_of, expected_version, is_not_modified
from lessons.api.pagination import KeysetPagination
from lessons.api.problems import lesson_problem
from lessons.api.query import ApiView, filter_lessons
from lessons.api.serializers import (
    LessonInput,
    LessonQuery,
    LessonSerializer,
    ReasonInput,
    RescheduleInput,
    TransitionedLessonSerializer,
)
from lessons.models import Lesson
from lessons.policies import Right

IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="Only if this is still its version.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="304 where nothing changed."
)
BAD_BODY = (exceptions.ValidationError, exceptions.ParseError, exceptions.UnsupportedMediaType)


def _transition(name: str, summary: str, input_: type[ReasonInput] = ReasonInput) -> Callable[..., Any]:
    return extend_schema(
        operation_id=f"lessons_{name}",
        summary=summary,
        request=input_,
        responses={200: TransitionedLessonSerializer},
        parameters=[IF_MATCH],
        tags=["lessons"],
    )


@extend_schema(tags=["lessons"])
class LessonViewSet(ApiView, ListModelMixin, GenericViewSet[Lesson]):
    """Each change is one call of the life cycle, and answers with the lesson as it then is."""

    serializer_class = LessonSerializer
    pagination_class = KeysetPagination
    lookup_value_regex = "[0-9]{1,19}"

    def get_queryset(self) -> QuerySet[Lesson]:
        return selectors.with_people(selectors.visible_lessons(self.person))

    def get_ordering(self) -> str:
        return str(self.query["ordering"])

    @extend_schema(summary="List lessons", parameters=[LessonQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.query = self.read_query(LessonQuery)
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: Any) -> Any:
        return filter_lessons(queryset, self.query, self.person)

    @extend_schema(summary="Create a draft", request=LessonInput, responses={201: LessonSerializer})
    def create(self, request: Request) -> Response:
        try:
            values = self._read_body(LessonInput)
        except BAD_BODY:
            lifecycle.check_may_create(actor=self.person)
            raise
        lesson = lifecycle.create_lesson(actor=self.person, teacher_id=values.pop("teacher", None), **values)
        response = self._answer(lesson, status.HTTP_201_CREATED)
        response["Location"] = reverse("lesson-detail", [lesson.pk], request=request)
        return response

    @extend_schema(summary="Read a lesson", parameters=[IF_NONE_MATCH])
    def retrieve(self, request: Request, pk: str) -> Response:
        self.read_query()
        response = self._answer(self.get_queryset().filter(pk=pk).first() or self._none())
        if is_not_modified(request.headers.get("If-None-Match"), response["ETag"]):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": response["ETag"]})
        return response

    @extend_schema(
        summary="Edit a lesson", request=LessonInput(partial=True), responses=LessonSerializer, parameters=[IF_MATCH]
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        with self._access_first(pk, Right.UPDATE):
            values = self._read_body(LessonInput, partial=True)
        if "students" in values:
            values["students"] = frozenset(values["students"])
        if "teacher" in values:
            values["teacher_id"] = values.pop("teacher")
        with self._told_as_problems(pk):
            lesson = lifecycle.update_lesson(
                lesson_id=int(pk),
                actor=self.person,
                edit=lifecycle.Edit(**values),
                expected_version=expected_version(request.headers.get("If-Match")),
            )
        return self._answer(lesson)

    @_transition("schedule", "Schedule a draft: everybody is booked")
    def schedule(self, request: Request, pk: str) -> Response:
        return self._move(pk, "schedule", ReasonInput)

    @_transition("reschedule", "Move a scheduled lesson to another time", RescheduleInput)
    def reschedule(self, request: Request, pk: str) -> Response:
        return self._move(pk, "reschedule", RescheduleInput)

    @_transition("start", "Start a scheduled lesson")
    def start(self, request: Request, pk: str) -> Response:
        return self._move(pk, "start", ReasonInput)

    @_transition("complete", "Complete a started lesson")
    def complete(self, request: Request, pk: str) -> Response:
        return self._move(pk, "complete", ReasonInput)

    @_transition("cancel", "Cancel a lesson: everybody is free again")
    def cancel(self, request: Request, pk: str) -> Response:
        return self._move(pk, "cancel", ReasonInput)

    # --- What these share ------------------------------------------------------------------------

    def _move(self, pk: str, name: str, input_: type[ReasonInput]) -> Response:
        with self._access_first(pk, Right(name)):
            values = self._read_body(input_)
        with self._told_as_problems(pk):
            lesson = lifecycle.BY_TRANSITION[name](
                lesson_id=int(pk),
                actor=self.person,
                expected_version=expected_version(self.request.headers.get("If-Match")),
                **values,
            )
        return self._answer(lesson, with_event=True)

    def _read_body(self, input_: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        self.read_query()
        serializer = input_(data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    @contextmanager
    def _access_first(self, pk: str, right: Right) -> Iterator[None]:
        """Whoever may not do this is told so, not what is wrong with their request. Free where all is well."""
        try:
            yield
        except BAD_BODY:
            lifecycle.check_access(lesson_id=int(pk), actor=self.person, right=right)
            raise

    @contextmanager
    def _told_as_problems(self, pk: str) -> Iterator[None]:
        """Refusals say how the lesson is now, so that a client can go on from there."""
        try:
            yield
        except Exception as error:
            lesson = selectors.visible_lessons(self.person).filter(pk=pk).first()
            problem = lesson and lesson_problem(error, lesson, self.person)
            if not problem:
                raise
            raise problem from error

    def _answer(self, lesson: Lesson, code: int = status.HTTP_200_OK, *, with_event: bool = False) -> Response:
        body = dict(self.get_serializer(selectors.load_people(lesson)).data)
        etag = etag_of(lesson.version, body)
        if with_event and lesson.latest_event:
            event = lesson.latest_event
            body |= {"event": event.pk, "dispatch": event.pk if event.recipients else None}
        return Response(body, status=code, headers={"ETag": etag})

    def _none(self) -> Lesson:
        raise lifecycle.LessonNotFound
