"""What goes out: rows as their readers see them."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lessons import selectors
from lessons.events import EventName
from lessons.models import Dispatch, DispatchState, Lesson, LessonEvent, Status, User
from lessons.models.lesson import TRANSITIONS
from lessons.policies import Role

EVENT_NAMES = [name.value for name in EventName]


MOMENT = serializers.DateTimeField()  # how moments are written


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = read_only_fields = ("id", "username", "full_name")

    def to_representation(self, person: User) -> dict[str, Any]:
        return {"id": person.pk, "username": person.username, "full_name": person.full_name}


person_as_json = PersonSerializer().to_representation


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    """A lesson as this reader sees it.

    The fields are declared for the schema, and written out by hand: to build some twenty of them anew for each answer
    costs as much as the change that it tells of.
    """

    teacher = PersonSerializer()
    students = PersonSerializer(many=True)
    status = serializers.ChoiceField(Status.choices)
    available_transitions = serializers.SerializerMethodField()

    class Meta:
        model = Lesson
        fields = read_only_fields = (
            "id",
            "title",
            "description",
            "teacher",
            "students",
            "start_time",
            "end_time",
            "status",
            "version",
            "available_transitions",
            "created_at",
            "updated_at",
        )

    def to_representation(self, lesson: Lesson) -> dict[str, Any]:
        return {
            "id": lesson.pk,
            "title": lesson.title,
            "description": lesson.description,
            "teacher": person_as_json(lesson.teacher),
            "students": [person_as_json(student) for student in lesson.students.all()],
            "start_time": MOMENT.to_representation(lesson.start_time),
            "end_time": MOMENT.to_representation(lesson.end_time),
            "status": lesson.status,
            "version": lesson.version,
            "available_transitions": self.get_available_transitions(lesson),
            "created_at": MOMENT.to_representation(lesson.created_at),
            "updated_at": MOMENT.to_representation(lesson.updated_at),
        }

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(TRANSITIONS)))
    def get_available_transitions(self, lesson: Lesson) -> list[str]:
        return selectors.available_transitions(lesson, self.context["request"].user)


class BlockedTransitionSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(TRANSITIONS)
    code = serializers.CharField()
    reason = serializers.CharField()


class LessonDetailSerializer(LessonSerializer):
    """A lesson at its own address: also what is not possible now, and why."""

    blocked_transitions = serializers.SerializerMethodField()

    class Meta(LessonSerializer.Meta):
        fields = read_only_fields = (*LessonSerializer.Meta.fields, "blocked_transitions")  # type: ignore[assignment]

    def to_representation(self, lesson: Lesson) -> dict[str, Any]:
        return super().to_representation(lesson) | {"blocked_transitions": self.get_blocked_transitions(lesson)}

    @extend_schema_field(BlockedTransitionSerializer(many=True))
    def get_blocked_transitions(self, lesson: Lesson) -> list[dict[str, str]]:
        blocked = selectors.blocked_transitions(lesson, self.context["request"].user)
        return [{"name": name, "code": code, "reason": str(reason)} for name, (code, reason) in blocked.items()]


class TransitionedLessonSerializer(LessonDetailSerializer):
    """A lesson after a transition, with the event that was written and the duty to tell people about it."""

    event = serializers.IntegerField()
    dispatch = serializers.IntegerField(allow_null=True)

    class Meta(LessonDetailSerializer.Meta):
        fields = read_only_fields = (*LessonDetailSerializer.Meta.fields, "event", "dispatch")  # type: ignore[assignment]


class EventSerializer(serializers.ModelSerializer[LessonEvent]):
    name = serializers.ChoiceField(EVENT_NAMES)
    actor = PersonSerializer(allow_null=True)
    dispatch = serializers.SerializerMethodField()

    class Meta:
        model = LessonEvent
        fields = read_only_fields = (
            "id",
            "seq",
            "name",
            "source",
            "target",
            "actor",
            "reason",
            "created_at",
            "dispatch",
        )

    def get_dispatch(self, event: LessonEvent) -> int | None:
        return event.pk if hasattr(event, "dispatch") else None


class DispatchSerializer(serializers.ModelSerializer[Dispatch]):
    """How far the notifications about one event have come."""

    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(DispatchState.choices)
    total = serializers.SerializerMethodField()
    by_state = serializers.SerializerMethodField()
    by_channel = serializers.SerializerMethodField()
    runs = serializers.SerializerMethodField()

    class Meta:
        model = Dispatch
        fields = read_only_fields = (
            "id",
            "lesson",
            "event",
            "state",
            "total",
            "by_state",
            "by_channel",
            "created_at",
            "expanded_at",
            "settled_at",
            "runs",
        )

    def to_representation(self, dispatch: Dispatch) -> dict[str, Any]:
        self._progress = selectors.delivery_progress(dispatch)
        return super().to_representation(dispatch)

    def get_total(self, _dispatch: Dispatch) -> int:
        return sum(self._progress["by_state"].values())

    def get_by_state(self, _dispatch: Dispatch) -> dict[str, int]:
        return self._progress["by_state"]

    def get_by_channel(self, _dispatch: Dispatch) -> dict[str, int]:
        return self._progress["by_channel"]

    def get_runs(self, dispatch: Dispatch) -> list[str]:
        return [str(run) for run in selectors.runs_of(dispatch)]


class MeSerializer(serializers.ModelSerializer[User]):
    role = serializers.ChoiceField(Role.choices)
    channels = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = read_only_fields = (
            "id",
            "username",
            "role",
            "full_name",
            "email",
            "phone",
            "language",
            "time_zone",
            "channels",
        )

    def get_channels(self, user: User) -> list[str]:
        return [name for name in settings.NOTIFICATION_CHANNELS if name not in user.muted_channels]
