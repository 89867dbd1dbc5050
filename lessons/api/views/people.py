"""Who I am, what I may change about myself, and who else is there."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import policies, selectors
from lessons.api.etags import file_answer
from lessons.api.example_answers import ME_READ, USER_LISTED
from lessons.api.examples import PROFILE
from lessons.api.inputs import MeInput, NoInput, PhotoInput, UserQuery
from lessons.api.pagination import KeysetPagination
from lessons.api.parsers import BoundedMultiPartParser, StrictJSONParser
from lessons.api.photos import keep_photo
from lessons.api.query import ApiView
from lessons.api.renderers import JpegRenderer
from lessons.api.schema import ETAG, IF_NONE_MATCH
from lessons.api.serializers import MeSerializer, PersonSerializer, UserSerializer
from lessons.models import Photo, User

PHOTO_FORM = {
    "type": "object",
    "properties": {"photo": {"type": "string", "format": "binary", "description": PhotoInput.__doc__}},
    "required": ["photo"],
    "additionalProperties": False,
}


@extend_schema(tags=["me"], responses=MeSerializer)
class Me(ApiView):
    parser_classes = [StrictJSONParser, BoundedMultiPartParser]

    @extend_schema(operation_id="me_retrieve", summary="Who I am", examples=[ME_READ])
    def get(self, request: Request) -> Response:
        self.read_query()
        return self._answer()

    @extend_schema(
        operation_id="me_update",
        summary="Change my profile, or upload my photo",
        description="A profile is sent as JSON, a photo as a form with the one field `photo`.",
        request={"application/json": MeInput(partial=True), "multipart/form-data": PHOTO_FORM},
        examples=[*PROFILE, ME_READ],
    )
    def patch(self, request: Request, **_: Any) -> Response:
        self.read_query()
        if request.content_type.startswith("multipart/"):
            form = PhotoInput(data=request.data)
            form.is_valid(raise_exception=True)
            keep_photo(self.person, form.validated_data["photo"])
        else:
            profile = MeInput(self.person, data=request.data, partial=True)
            profile.is_valid(raise_exception=True)
            profile.save()
        return self._answer()

    def _answer(self) -> Response:
        return Response(MeSerializer(self.person, context={"request": self.request}).data)


@extend_schema(tags=["me"], responses=MeSerializer)
class RotateCalendar(ApiView):
    @extend_schema(
        operation_id="me_calendar_rotate",
        summary="Renew the secret link to my calendar",
        description="The old link ends at once.",
        request=NoInput,
        examples=[ME_READ],
    )
    def post(self, request: Request) -> Response:
        self.read_body(NoInput, check_rights=lambda: None)
        User.objects.filter(pk=self.person.pk).update(calendar_generation=F("calendar_generation") + 1)
        self.person.refresh_from_db(fields=["calendar_generation"])
        return Response(MeSerializer(self.person, context={"request": request}).data)


@extend_schema(tags=["users"])
class Users(ApiView, ListAPIView[User]):
    pagination_class = KeysetPagination

    def get_ordering(self) -> str:
        return "pk"

    def get_serializer_class(self) -> type[PersonSerializer | UserSerializer]:
        return UserSerializer if policies.sees_everything(self.person) else PersonSerializer

    def get_queryset(self) -> QuerySet[User]:
        if not policies.may_list_people(self.person):
            raise PermissionDenied
        query = self.read_query(UserQuery)
        people = selectors.visible_people(self.person)
        if "role" in query:
            people = people.filter(role=query["role"])
        if text := query.get("search"):
            people = people.filter(Q(username__icontains=text) | Q(full_name__icontains=text))
        return people

    @extend_schema(
        operation_id="users_list",
        summary="Find people",
        description="Managers and administrators find everybody, teachers students: their id, username and full name.",
        parameters=[UserQuery],
        responses=UserSerializer(many=True),
        examples=[USER_LISTED],
    )
    def get(self, request: Request) -> Response:
        return self.list(request)


@extend_schema(tags=["users"])
class UserPhoto(ApiView):
    renderer_classes = [JpegRenderer]

    @extend_schema(
        operation_id="users_photo",
        summary="Somebody's photo",
        description="Your own, and those of the people whom you find under `/users/`.",
        parameters=[IF_NONE_MATCH, ETAG],
        responses={(200, JpegRenderer.media_type): OpenApiTypes.BINARY, 304: None},
    )
    def get(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 - the parameter's name in the schema
        photo = Photo.objects.filter(pk=int(id), user__in=self._shown()).first()
        if photo is None:
            raise NotFound
        self.read_query()
        return file_answer(request, bytes(photo.content), JpegRenderer.media_type, digest=photo.digest)

    def _shown(self) -> QuerySet[User]:
        myself = User.objects.filter(pk=self.person.pk)
        return myself | selectors.visible_people(self.person) if policies.may_list_people(self.person) else myself
