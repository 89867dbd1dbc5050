"""What happened to a lesson."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import lifecycle, selectors
from lessons.api.example_answers import EVENT_LISTED
from lessons.api.pagination import KeysetPagination
from lessons.api.query import ApiView
from lessons.api.serializers import EventSerializer
from lessons.models import LessonEvent


@extend_schema(tags=["lessons"])
class LessonEvents(ApiView, ListAPIView[LessonEvent]):
    serializer_class = EventSerializer
    pagination_class = KeysetPagination

    def get_ordering(self) -> str:
        return "pk"

    def get_queryset(self) -> QuerySet[LessonEvent]:
        lesson = selectors.visible_lessons(self.person).filter(pk=self.kwargs["pk"]).first()
        if lesson is None:
            raise lifecycle.LessonNotFound
        self.read_query(is_list=True)
        return selectors.lesson_history(lesson)

    @extend_schema(
        operation_id="lessons_events",
        summary="The history of a lesson: who, what, when, why",
        description="The oldest first. `dispatch` follows the messages about an event; null where nobody was told.",
        examples=[EVENT_LISTED],
    )
    def get(self, request: Request, pk: str) -> Response:
        return self.list(request)
