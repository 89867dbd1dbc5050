"""What all views of a lesson share: rights before faults, refusals that say how the lesson is, one shape of answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from lessons import selectors
from lessons.api.etags import etag_of, expected_version
from lessons.api.lesson_json import lesson_detail_as_json
from lessons.api.query import ApiView
from lessons.api.refusals import NOT_NOW, not_now
from lessons.api.serializers import LessonSerializer
from lessons.models import Lesson


class LessonView(ApiView, GenericViewSet[Lesson]):
    serializer_class = LessonSerializer
    lookup_value_regex = "[0-9]{1,19}"

    def get_queryset(self) -> QuerySet[Lesson]:
        return selectors.with_people(selectors.visible_lessons(self.person))

    @property
    def expected_version(self) -> int | None:
        return expected_version(self.request.headers.get("If-Match"))

    @contextmanager
    def told_as_problems(self, pk: str) -> Iterator[None]:
        """Refusals say how the lesson is now, not how the refused change would have left it."""
        try:
            yield
        except NOT_NOW as error:
            lesson = selectors.visible_lessons(self.person).get(pk=pk)
            raise not_now(error, lesson, self.person) from error

    def answer(self, lesson: Lesson, code: int = status.HTTP_200_OK) -> Response:
        body = lesson_detail_as_json(selectors.load_people(lesson), self.person)
        return Response(body, status=code, headers={"ETag": etag_of(lesson.version, body)})
