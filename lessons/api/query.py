"""Query parameters: an unknown one, or one with an unknown value, is refused by name."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ParseError, UnsupportedMediaType, ValidationError
from rest_framework.fields import empty
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from lessons.api.fields import StrictSerializer
from lessons.api.idempotency import refuse_malformed_key
from lessons.api.parsers import LengthRequired
from lessons.models import Lesson, User
from lessons.policies import Role

REPEATABLE = {"status"}
PAGING = {"cursor", "page_size"}
FAULTS = (ValidationError, ParseError, UnsupportedMediaType)


class NoQuery(StrictSerializer):
    """An operation without query parameters."""


class ByAcceptHeader(DefaultContentNegotiation):
    """`?format=` is a query parameter like any other, unknown, and no way round the Accept header."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 - the name it has there
        return renderers


class ApiView(APIView):
    """What our views share: who asks, and a query and a body read by serializers."""

    content_negotiation_class = ByAcceptHeader

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers:  # WSGI has no end of such a body: Django takes it for empty
            raise LengthRequired

    @property
    def person(self) -> User:
        """Whoever is logged in: the views' permissions let nobody else in."""
        return cast(User, self.request.user)

    def read_query(
        self, serializer_class: type[StrictSerializer] = NoQuery, *, is_list: bool = False
    ) -> dict[str, Any]:
        given = self.request.query_params
        if not given and serializer_class is NoQuery:
            return {}
        refuse_repeated(given)
        paging = PAGING if is_list or serializer_class is not NoQuery else set()
        data = {
            name: given.getlist(name) if name in REPEATABLE else given[name] for name in given if name not in paging
        }
        serializer = serializer_class(data=data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def read_body(
        self, input_: type[Serializer[Any]], *, check_rights: Callable[[], None], partial: bool = False
    ) -> dict[str, Any]:
        """The values of a request that is as it should be.

        Whoever may not do this at all is told so, not what is wrong with their request. Free where all is well: the
        life cycle asks for the rights anyway, on the locked row.
        """
        try:
            self.read_query()
            refuse_malformed_key(self.request)
            data = self.request.data
            if data == {} and (partial or _asks_for_nothing(input_)):
                return {}
            serializer = input_(data=data, partial=partial)
            serializer.is_valid(raise_exception=True)
        except FAULTS:
            check_rights()
            raise
        return dict(serializer.validated_data)


@cache
def _asks_for_nothing(input_: type[Serializer[Any]]) -> bool:
    """Whether all of it may be left out. Most bodies are empty, and to build the fields anew for each costs a lot."""
    return not any(field.required or field.default is not empty for field in input_().fields.values())


def refuse_repeated(query: QueryDict) -> None:
    """Which of its values is meant cannot be known."""
    repeated = [name for name, values in query.lists() if len(values) > 1 and name not in REPEATABLE]
    if repeated:
        raise ValidationError({name: [ErrorDetail(_("Give this once."), code="repeated")] for name in repeated})


def filter_lessons(lessons: QuerySet[Lesson], query: dict[str, Any], person: User) -> QuerySet[Lesson]:
    """The lessons that the query of the list asks for, apart from its search."""
    attended = Lesson.students.through.objects
    conditions = {
        "status": lambda value: Q(status__in=value),
        "teacher": lambda value: Q(teacher_id=value),
        "student": lambda value: Q(pk__in=attended.filter(user_id=value).values("lesson_id")),
        "start_after": lambda value: Q(start_time__gte=value),
        "start_before": lambda value: Q(start_time__lte=value),
        "upcoming": lambda value: (
            Q(start_time__gt=timezone.now()) if value == "true" else Q(start_time__lte=timezone.now())
        ),
        "role": lambda value: (
            Q(teacher_id=person.pk)
            if value == Role.TEACHER
            else Q(pk__in=attended.filter(user_id=person.pk).values("lesson_id"))
        ),
    }
    for name, value in query.items():
        if name in conditions:
            lessons = lessons.filter(conditions[name](value))
    return lessons
