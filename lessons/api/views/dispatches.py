"""Dispatches: how far people have been told of one event, and another try for those whom no message reached."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import lifecycle, policies, progress
from lessons.api.example_answers import DISPATCH_READ, DISPATCH_REDELIVERED
from lessons.api.examples import REDELIVERY
from lessons.api.followed import DispatchSerializer
from lessons.api.idempotency import idempotent
from lessons.api.inputs import DispatchQuery, ReasonInput
from lessons.api.query import ApiView
from lessons.api.schema import IDEMPOTENCY
from lessons.api.views.followed_view import FollowedList
from lessons.models import Dispatch
from lessons.policies import Right


def represented(dispatches: list[Dispatch]) -> Any:
    """With their progress, in two more queries whatever their number."""
    context = {"progress": progress.progress_of(dispatches), "runs": progress.runs_of(dispatches)}
    return DispatchSerializer(dispatches, many=True, context=context).data


@extend_schema(tags=["notifications"])
class Dispatches(FollowedList[Dispatch]):
    serializer_class = DispatchSerializer
    query_class = DispatchQuery
    conditions = {"lesson": lambda value: Q(lesson_id=value), "state": progress.is_in}

    @extend_schema(
        operation_id="dispatches_list",
        summary="What people have been told lately, and how far that has come",
        description="One dispatch for each event that tells somebody, the latest first.",
        parameters=[DispatchQuery],
        responses=DispatchSerializer(many=True),
        examples=[DISPATCH_READ],
    )
    def get(self, request: Request) -> Response:
        if not policies.has_right_somewhere(self.person, Right.FOLLOW_DISPATCHES):
            raise PermissionDenied
        return self.answer_page(progress.visible_dispatches(self.person))

    def represent(self, page: Any) -> Any:
        return represented(page)


class DispatchView(ApiView):
    def get_dispatch(self, id_: str, right: Right) -> Dispatch:
        """The dispatch, once it is sure that the reader has the right over its lesson."""
        dispatch = Dispatch.objects.filter(pk=int(id_)).first()
        if dispatch is None:
            raise NotFound
        lifecycle.check_access(lesson_id=dispatch.lesson_id, actor=self.person, right=right)
        return dispatch


@extend_schema(tags=["notifications"])
class DispatchDetail(DispatchView):
    @extend_schema(
        operation_id="dispatches_retrieve",
        summary="How far the notifications about one event have come",
        responses=DispatchSerializer,
        examples=[DISPATCH_READ],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 - the parameter's name in the schema
        dispatch = self.get_dispatch(id, Right.FOLLOW_DISPATCHES)
        self.read_query()
        return Response(represented([dispatch])[0])


@extend_schema(tags=["notifications"])
class DispatchRedelivery(DispatchView):
    @extend_schema(
        operation_id="dispatches_redeliver",
        summary="Try again to reach those whom no message reached",
        description="All dead deliveries of the dispatch get a fresh allowance of attempts and are due at once.",
        request=ReasonInput,
        responses={202: DispatchSerializer},
        parameters=[IDEMPOTENCY],
        examples=[*REDELIVERY, DISPATCH_REDELIVERED],
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        dispatch = self.get_dispatch(id, Right.REDELIVER)
        values = self.read_body(ReasonInput, check_rights=lambda: None)
        lifecycle.redeliver_dispatch(dispatch_id=dispatch.pk, actor=self.person, **values)
        dispatch.refresh_from_db()
        return Response(represented([dispatch])[0], status=status.HTTP_202_ACCEPTED)
