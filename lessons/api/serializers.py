"""What goes out: rows as their readers see them."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from lessons import selectors
from lessons.api.calendars import secret_of
from lessons.api.lesson_json import blocked_as_json, lesson_as_json, lesson_detail_as_json, person_as_json
from lessons.events import EventName
from lessons.models import Lesson, LessonEvent, Photo, Status, User
from lessons.models.lesson import TRANSITIONS
from lessons.notifications.channels import NAMES
from lessons.policies import Role

EVENT_NAMES = [name.value for name in EventName]


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = read_only_fields = ("id", "username", "full_name")

    def to_representation(self, person: User) -> dict[str, Any]:
        return person_as_json(person)


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    """A lesson as this reader sees it."""

    # Declared for the schema, and written out by hand (lesson_json).

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
        return lesson_as_json(lesson, self.context["request"].user)

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
        return lesson_detail_as_json(lesson, self.context["request"].user)

    @extend_schema_field(BlockedTransitionSerializer(many=True))
    def get_blocked_transitions(self, lesson: Lesson) -> list[dict[str, str]]:
        return blocked_as_json(selectors.blocked_transitions(lesson, self.context["request"].user))


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


class UserSerializer(serializers.ModelSerializer[User]):
    """Somebody, as those see them who put people into lessons."""

    role = serializers.ChoiceField(Role.choices, required=False)
    email = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    is_active = serializers.BooleanField(required=False)

    class Meta:
        model = User
        fields = ("id", "username", "full_name", "role", "email", "phone", "is_active")
        extra_kwargs = {"id": {"required": True}, "username": {"required": True}, "full_name": {"required": True}}


class MeSerializer(serializers.ModelSerializer[User]):
    role = serializers.ChoiceField(Role.choices)
    email = serializers.CharField()  # may be empty, which is no address
    photo = serializers.SerializerMethodField()
    channels = serializers.SerializerMethodField()
    calendar_url = serializers.SerializerMethodField()

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
            "photo",
            "channels",
            "calendar_url",
        )

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_photo(self, user: User) -> str | None:
        has_one = Photo.objects.filter(user=user).exists()
        return reverse("user-photo", [user.pk], request=self.context["request"]) if has_one else None

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(NAMES)))
    def get_channels(self, user: User) -> list[str]:
        return [name for name in settings.NOTIFICATION_CHANNELS if name not in user.muted_channels]

    @extend_schema_field(serializers.URLField())
    def get_calendar_url(self, user: User) -> str:
        """Whoever has it sees the calendar, without login."""
        return reverse("secret-calendar", [secret_of(user)], request=self.context["request"])
