"""Lessons: read them, create and edit them. Each change is one call of the life cycle."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from lessons import lifecycle, selectors
from lessons.api.etags import is_not_modified
from lessons.api.example_answers import LESSON_CREATED, LESSON_LISTED, LESSON_READ
from lessons.api.examples import LESSON, LESSON_EDIT
from lessons.api.fields import IdField
from lessons.api.idempotency import idempotent
from lessons.api.inputs import LessonInput, LessonQuery
from lessons.api.pagination import KeysetPagination
from lessons.api.query import filter_lessons
from lessons.api.schema import ETAG, IDEMPOTENCY, IF_MATCH, IF_NONE_MATCH, LOCATION
from lessons.api.serializers import LessonDetailSerializer
from lessons.api.views.lesson_view import LessonView
from lessons.models import Lesson
from lessons.policies import Right


@extend_schema(tags=["lessons"])
class LessonViewSet(ListModelMixin, LessonView):
    pagination_class = KeysetPagination

    def get_queryset(self) -> QuerySet[Lesson]:
        if self.action == "list":
            return selectors.with_people(selectors.lessons_to_list(self.person, search=self.query.get("search")))
        return super().get_queryset()

    def get_ordering(self) -> str:
        return str(self.query["ordering"])

    def filter_queryset(self, queryset: Any) -> Any:
        return filter_lessons(queryset, self.query, self.person)

    @extend_schema(
        summary="List lessons",
        description="Those that you may see. Follow `next` and `previous`: lessons added meanwhile move nothing.",
        parameters=[LessonQuery],
        examples=[LESSON_LISTED],
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.query = self.read_query(LessonQuery)
        return super().list(request, *args, **kwargs)

    @extend_schema(
        summary="Create a draft",
        description="Teachers may leave `teacher` out: it is themselves. Times carry their offset from UTC.",
        request=LessonInput,
        responses={201: LessonDetailSerializer},
        parameters=[IDEMPOTENCY, LOCATION, ETAG],
        examples=[*LESSON, LESSON_CREATED],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        values = self.read_body(LessonInput, check_rights=self._check_may_create)
        lesson = lifecycle.create_lesson(actor=self.person, **values)
        response = self.answer(lesson, status.HTTP_201_CREATED)
        response["Location"] = reverse("lesson-detail", [lesson.pk], request=request)
        return response

    @extend_schema(
        summary="Read a lesson",
        description="With what you may do with it now, and what not, and why.",
        responses={200: LessonDetailSerializer, 304: None},
        parameters=[IF_NONE_MATCH, ETAG],
        examples=[LESSON_READ],
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        lesson = self.get_queryset().filter(pk=pk).first()
        if lesson is None:
            raise lifecycle.LessonNotFound
        self.read_query()
        response = self.answer(lesson)
        if is_not_modified(request.headers.get("If-None-Match"), response["ETag"]):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": response["ETag"]})
        return response

    @extend_schema(
        summary="Edit a lesson",
        description="A draft as a whole, a scheduled lesson but for its times, a started one's title and description.",
        request=LessonInput(partial=True),
        responses=LessonDetailSerializer,
        parameters=[IF_MATCH, ETAG],
        examples=[*LESSON_EDIT, LESSON_READ],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        values = self.read_body(LessonInput, check_rights=lambda: self._check_may_update(pk), partial=True)
        with self.told_as_problems(pk):
            lesson = lifecycle.update_lesson(
                lesson_id=int(pk),
                actor=self.person,
                edit=lifecycle.Edit(**values),
                expected_version=self.expected_version,
            )
        return self.answer(lesson)

    # --- Rights of a request that is faulty otherwise --------------------------------------------------

    def _check_may_create(self) -> None:
        lifecycle.check_may_create(actor=self.person, teacher_id=self._named_teacher())

    def _check_may_update(self, pk: str) -> None:
        gives_away = self._named_teacher() not in (None, self.person.pk)
        right = Right.SET_TEACHER if gives_away else Right.UPDATE
        lifecycle.check_access(lesson_id=int(pk), actor=self.person, right=right)

    def _named_teacher(self) -> int | None:
        """Whom the body wants as teacher, as far as that can be read."""
        data = self.request.data
        try:
            return int(IdField().run_validation(data.get("teacher") if isinstance(data, dict) else None))
        except ValidationError:
            return None
