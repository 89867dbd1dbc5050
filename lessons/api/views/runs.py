"""Chord runs: what Celery is doing."""

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import policies, progress
from lessons.api.example_answers import RUN_READ
from lessons.api.followed import ChordRunSerializer
from lessons.api.inputs import ChordRunQuery
from lessons.api.query import ApiView
from lessons.api.views.followed_view import FollowedList
from lessons.models import ChordRun

RUN_ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)


def check_may_watch(view: ApiView) -> None:
    if not policies.may_watch_runs(view.person):
        raise PermissionDenied


@extend_schema(tags=["notifications"])
class ChordRuns(FollowedList[ChordRun]):
    serializer_class = ChordRunSerializer
    query_class = ChordRunQuery
    conditions = {"state": lambda value: Q(state=value), "channel": lambda value: Q(channel=value)}

    def get_ordering(self) -> str:
        return "-started_at"

    @extend_schema(
        operation_id="chord_runs_list",
        summary="What Celery is doing, the latest chord first",
        description="A run is one chord, of one channel. Its id is the root id of its tasks in Flower.",
        parameters=[ChordRunQuery],
        responses=ChordRunSerializer(many=True),
        examples=[RUN_READ],
    )
    def get(self, request: Request) -> Response:
        check_may_watch(self)
        return self.answer_page(progress.chord_runs())


@extend_schema(tags=["notifications"])
class ChordRunDetail(ApiView):
    @extend_schema(
        operation_id="chord_runs_retrieve",
        summary="How far one chord has come",
        parameters=[RUN_ID],
        responses=ChordRunSerializer,
        examples=[RUN_READ],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 - the parameter's name in the schema
        check_may_watch(self)
        run = progress.chord_runs().filter(pk=id).first()
        if run is None:
            raise NotFound
        self.read_query()
        return Response(ChordRunSerializer(run).data)
