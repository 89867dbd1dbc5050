"""What goes in and out. Values are checked here one by one; what they mean together, by the life cycle."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from lessons import selectors
from lessons.api.fields import IdField, MomentField, StrictSerializer, TextField
from lessons.events import EventName
from lessons.models import Dispatch, DispatchState, Lesson, LessonEvent, Status, User
from lessons.models.lesson import DESCRIPTION_MAX_LENGTH
from lessons.models.user import validate_phone, validate_time_zone
from lessons.policies import Role

MAX_STUDENTS = 500
MAX_REASON_LENGTH = 2000


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "full_name")


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    """A lesson as this reader sees it."""

    teacher = PersonSerializer()
    students = PersonSerializer(many=True)
    status = serializers.ChoiceField(Status.choices)
    available_transitions = serializers.SerializerMethodField()

    class Meta:
        model = Lesson
        fields = (
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

    def get_available_transitions(self, lesson: Lesson) -> list[str]:
        return selectors.available_transitions(lesson, self.context["request"].user)


class TransitionedLessonSerializer(LessonSerializer):
    """A lesson after a transition, with the event that was written and the duty to tell people about it."""

    event = serializers.IntegerField()
    dispatch = serializers.IntegerField(allow_null=True)

    class Meta(LessonSerializer.Meta):
        fields = (*LessonSerializer.Meta.fields, "event", "dispatch")  # type: ignore[assignment]


class LessonInput(StrictSerializer):
    """A lesson to be created; in an update every field may be left out."""

    title = TextField(max_length=200)
    description = TextField(max_length=DESCRIPTION_MAX_LENGTH, allow_blank=True, required=False)
    teacher = IdField(required=False)
    students = serializers.ListField(child=IdField(), max_length=MAX_STUDENTS)
    start_time = MomentField()
    end_time = MomentField()
    # Named here so that setting them is refused as read-only, not as unknown.
    id = serializers.IntegerField(read_only=True)
    status = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    available_transitions = serializers.ListField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class ReasonInput(StrictSerializer):
    reason = TextField(max_length=MAX_REASON_LENGTH, allow_blank=True, required=False)


class RescheduleInput(ReasonInput):
    start_time = MomentField()
    end_time = MomentField()


class LessonQuery(StrictSerializer):
    """The filters of the list of lessons. Times are inclusive."""

    status = serializers.ListField(child=serializers.ChoiceField(Status.choices), required=False)
    teacher = serializers.IntegerField(min_value=1, required=False)
    student = serializers.IntegerField(min_value=1, required=False)
    start_after = MomentField(required=False)
    start_before = MomentField(required=False)
    upcoming = serializers.ChoiceField(["true", "false"], required=False, help_text="true: not started yet")
    role = serializers.ChoiceField(
        [Role.TEACHER, Role.STUDENT], required=False, help_text="mine, as teacher or student"
    )
    search = TextField(max_length=200, required=False)
    ordering = serializers.ChoiceField(
        ["start_time", "-start_time", "created_at", "-created_at"], default="-start_time"
    )


class EventSerializer(serializers.ModelSerializer[LessonEvent]):
    name = serializers.ChoiceField([name.value for name in EventName])
    actor = PersonSerializer(allow_null=True)
    dispatch = serializers.SerializerMethodField()

    class Meta:
        model = LessonEvent
        fields = ("id", "seq", "name", "source", "target", "actor", "reason", "created_at", "dispatch")

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
        fields = (
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
        fields = ("id", "username", "role", "full_name", "email", "phone", "language", "time_zone", "channels")

    def get_channels(self, user: User) -> list[str]:
        return [name for name in settings.NOTIFICATION_CHANNELS if name not in user.muted_channels]


class MeInput(StrictSerializer):
    """What people change about themselves. `channels` are those over which they want to be told."""

    full_name = TextField(max_length=150, allow_blank=True)
    email = serializers.EmailField(max_length=254, allow_blank=True)
    phone = TextField(max_length=16, allow_blank=True, validators=[validate_phone])
    language = serializers.ChoiceField(settings.LANGUAGES)
    time_zone = TextField(max_length=50, validators=[validate_time_zone])
    channels = serializers.ListField(child=serializers.ChoiceField(settings.NOTIFICATION_CHANNELS))
    id = serializers.IntegerField(read_only=True)
    username = serializers.CharField(read_only=True)
    role = serializers.CharField(read_only=True)

    def update(self, user: User, values: dict[str, Any]) -> User:
        if "channels" in values:
            enabled = set(settings.NOTIFICATION_CHANNELS)
            kept = [name for name in user.muted_channels if name not in enabled]
            values["muted_channels"] = kept + sorted(enabled - set(values.pop("channels")))
        for name, value in values.items():
            setattr(user, name, value)
        user.save(update_fields=list(values))
        return user
