"""What happened to a lesson, and how far people have been told."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import lifecycle, selectors
from lessons.api.pagination import KeysetPagination
from lessons.api.query import ApiView
from lessons.api.serializers import DispatchSerializer, EventSerializer
from lessons.models import Dispatch, LessonEvent
from lessons.policies import Right


@extend_schema(tags=["lessons"])
class LessonEvents(ApiView, ListAPIView[LessonEvent]):
    serializer_class = EventSerializer
    pagination_class = KeysetPagination

    def get_ordering(self) -> str:
        return "id"

    def get_queryset(self) -> QuerySet[LessonEvent]:
        lesson = selectors.visible_lessons(self.person).filter(pk=self.kwargs["pk"]).first()
        if lesson is None:
            raise lifecycle.LessonNotFound
        self.read_query(is_list=True)
        return selectors.lesson_history(lesson)

    @extend_schema(operation_id="lessons_events", summary="The history of a lesson: who, what, when, why")
    def get(self, request: Request, pk: str) -> Response:
        return self.list(request)


@extend_schema(tags=["notifications"])
class DispatchDetail(ApiView, RetrieveAPIView[Dispatch]):
    serializer_class = DispatchSerializer
    queryset = Dispatch.objects.all()
    lookup_url_kwarg = "id"

    def get_object(self) -> Dispatch:
        dispatch: Dispatch = super().get_object()
        lifecycle.check_access(lesson_id=dispatch.lesson_id, actor=self.person, right=Right.FOLLOW_DISPATCHES)
        self.read_query()
        return dispatch

    @extend_schema(operation_id="dispatches_retrieve", summary="How far the notifications about one event have come")
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 - the parameter's name in the schema
        return self.retrieve(request)
