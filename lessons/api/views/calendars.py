"""Own lessons for a calendar program: with a login, or at a secret link without one."""

import hashlib

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from lessons.api.calendars import feed_of, owner_of
from lessons.api.etags import file_answer
from lessons.api.example_answers import CALENDAR_READ
from lessons.api.query import ApiView
from lessons.api.renderers import CalendarRenderer
from lessons.api.schema import ETAG, IF_NONE_MATCH
from lessons.models import User

ICALENDAR = {(200, CalendarRenderer.media_type): OpenApiTypes.STR, 304: None}
SECRET = OpenApiParameter(
    "secret", str, OpenApiParameter.PATH, pattern="^[0-9]+-[0-9]+[.][A-Za-z0-9_-]+$", description="From `calendar_url`."
)


def _feed(request: Request, user: User) -> HttpResponse:
    content = feed_of(user)
    response = file_answer(request, content, "text/calendar; charset=utf-8", digest=hashlib.sha256(content).hexdigest())
    response["Content-Disposition"] = 'inline; filename="lessons.ics"'
    return response


@extend_schema(tags=["lessons"])
class MyCalendar(ApiView):
    renderer_classes = [CalendarRenderer]

    @extend_schema(
        operation_id="lessons_calendar",
        summary="My lessons as iCalendar",
        description="What you teach and attend, of the last 90 days and to come; cancelled lessons as such, no drafts.",
        parameters=[IF_NONE_MATCH, ETAG],
        responses=ICALENDAR,
        examples=[CALENDAR_READ],
    )
    def get(self, request: Request) -> HttpResponse:
        self.read_query()
        return _feed(request, self.person)


@extend_schema(tags=["lessons"])
class SecretCalendar(ApiView):
    """For programs, which know no login: whoever has the link reads the calendar, and nothing else."""

    renderer_classes = [CalendarRenderer]
    authentication_classes = []
    permission_classes = []

    @extend_schema(
        operation_id="lessons_secret_calendar",
        summary="The same at my secret link, without login",
        description="The link is `calendar_url` of `/me/`; `/me/calendar/rotate/` renews it.",
        parameters=[SECRET, IF_NONE_MATCH, ETAG],
        responses=ICALENDAR,
        examples=[CALENDAR_READ],
        auth=[],
    )
    def get(self, request: Request, secret: str) -> HttpResponse:
        owner = owner_of(secret)
        if owner is None:
            raise NotFound
        self.read_query()
        return _feed(request, owner)
