"""Query parameters: an unknown one, or one with an unknown value, is refused by name."""

from typing import Any, cast

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.views import APIView

from lessons.api.fields import StrictSerializer
from lessons.models import Lesson, User
from lessons.policies import Role

REPEATABLE = {"status"}
PAGING = {"cursor", "page_size"}


class NoQuery(StrictSerializer):
    """An operation without query parameters."""


class ApiView(APIView):
    """What our views share: who asks, and a query read by a serializer."""

    @property
    def person(self) -> User:
        """Whoever is logged in: the views' permissions let nobody else in."""
        return cast(User, self.request.user)

    def read_query(
        self, serializer_class: type[StrictSerializer] = NoQuery, *, is_list: bool = False
    ) -> dict[str, Any]:
        given = self.request.query_params
        paging = PAGING if is_list or serializer_class is not NoQuery else set()
        data = {
            name: given.getlist(name) if name in REPEATABLE else given[name] for name in given if name not in paging
        }
        serializer = serializer_class(data=data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def filter_lessons(lessons: QuerySet[Lesson], query: dict[str, Any], person: User) -> QuerySet[Lesson]:
    """The lessons that the query of the list asks for."""
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
        "search": lambda value: Q(title__icontains=value),
    }
    for name, value in query.items():
        if name in conditions:
            lessons = lessons.filter(conditions[name](value))
    return lessons
