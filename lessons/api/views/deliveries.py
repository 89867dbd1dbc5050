"""Deliveries: one message, one person, one channel, with every try."""

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import lifecycle, policies, progress
from lessons.api.example_answers import DELIVERY_LISTED, DELIVERY_READ, DELIVERY_REDELIVERED
from lessons.api.examples import REDELIVERY
from lessons.api.followed import DeliveryDetailSerializer, DeliverySerializer
from lessons.api.idempotency import idempotent
from lessons.api.inputs import DeliveryQuery, ReasonInput
from lessons.api.query import ApiView
from lessons.api.schema import IDEMPOTENCY
from lessons.api.views.followed_view import FollowedList
from lessons.models import Delivery
from lessons.policies import Right


@extend_schema(tags=["notifications"])
class Deliveries(FollowedList[Delivery]):
    serializer_class = DeliverySerializer
    query_class = DeliveryQuery
    conditions = {
        "state": lambda value: Q(state=value),
        "channel": lambda value: Q(channel=value),
        "recipient": lambda value: Q(recipient_id=value),
        "lesson": progress.is_of_lesson,
        "dispatch": lambda value: Q(dispatch_id=value),
        "run": progress.is_carried_by,
    }

    @extend_schema(
        operation_id="deliveries_list",
        summary="Messages to people, the latest first",
        description="Of the lessons that you teach, or all of them; students see what was sent to themselves.",
        parameters=[DeliveryQuery],
        responses=DeliverySerializer(many=True),
        examples=[DELIVERY_LISTED],
    )
    def get(self, request: Request) -> Response:
        return self.answer_page(progress.visible_deliveries(self.person))


class DeliveryView(ApiView):
    def get_delivery(self, id_: str) -> Delivery:
        delivery = progress.visible_deliveries(self.person).filter(pk=id_).first()
        if delivery is None:
            raise NotFound
        return delivery


@extend_schema(tags=["notifications"])
class DeliveryDetail(DeliveryView):
    @extend_schema(
        operation_id="deliveries_retrieve",
        summary="One message to one person, with every try",
        responses=DeliveryDetailSerializer,
        examples=[DELIVERY_READ],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 - the parameter's name in the schema
        delivery = self.get_delivery(id)
        self.read_query()
        return Response(DeliveryDetailSerializer(delivery).data)


@extend_schema(tags=["notifications"])
class DeliveryRedelivery(DeliveryView):
    @extend_schema(
        operation_id="deliveries_redeliver",
        summary="Try a dead message again",
        description="It gets a fresh allowance of attempts and is due at once.",
        request=ReasonInput,
        responses={202: DeliveryDetailSerializer},
        parameters=[IDEMPOTENCY],
        examples=[*REDELIVERY, DELIVERY_REDELIVERED],
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        delivery = self.get_delivery(id)
        if not policies.has_right_somewhere(self.person, Right.REDELIVER):
            raise PermissionDenied
        values = self.read_body(ReasonInput, check_rights=lambda: None)
        lifecycle.redeliver_delivery(delivery_id=delivery.pk, actor=self.person, **values)
        delivery.refresh_from_db()
        return Response(DeliveryDetailSerializer(delivery).data, status=status.HTTP_202_ACCEPTED)
