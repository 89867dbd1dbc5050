"""Who I am, and what I may change about myself."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lessons.api.inputs import MeInput
from lessons.api.query import ApiView
from lessons.api.serializers import MeSerializer


@extend_schema(tags=["me"], responses=MeSerializer)
class Me(ApiView):
    @extend_schema(operation_id="me_retrieve", summary="Who I am")
    def get(self, request: Request) -> Response:
        self.read_query()
        return Response(MeSerializer(self.person).data)

    @extend_schema(operation_id="me_update", summary="Change my profile", request=MeInput(partial=True))
    def patch(self, request: Request, **_: Any) -> Response:
        self.read_query()
        serializer = MeInput(self.person, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return Response(MeSerializer(serializer.save()).data)
