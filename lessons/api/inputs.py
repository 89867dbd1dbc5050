"""What comes in. Values are checked here one by one; what they mean together, by the life cycle."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from lessons.api.fields import IdField, MomentField, StrictSerializer, TextField, WrittenIdField
from lessons.api.photos import NoPhotoField, PhotoField
from lessons.models import DeliveryState, DispatchState, Photo, RunState, Status, User
from lessons.models.event import REASON_MAX_LENGTH
from lessons.models.lesson import DESCRIPTION_MAX_LENGTH
from lessons.models.user import validate_phone, validate_time_zone
from lessons.notifications.channels import NAMES
from lessons.policies import Role

MAX_STUDENTS = 500


class LessonInput(StrictSerializer):
    """A lesson to be created; in an update every field may be left out."""

    title = TextField(max_length=200)
    description = TextField(max_length=DESCRIPTION_MAX_LENGTH, allow_blank=True, required=False)
    teacher = IdField(source="teacher_id", required=False)
    students = serializers.ListField(child=IdField(), max_length=MAX_STUDENTS)
    start_time = MomentField()
    end_time = MomentField()
    # Named here so that setting them is refused as read-only, not as unknown.
    id = serializers.IntegerField(read_only=True)
    status = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    available_transitions = serializers.ListField(read_only=True)
    blocked_transitions = serializers.ListField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def validate_students(self, ids: list[int]) -> frozenset[int]:
        if len(set(ids)) < len(ids):
            raise serializers.ValidationError(_("A student is named more than once."), code="duplicate")
        return frozenset(ids)


class NoInput(StrictSerializer):
    """Nothing, or an empty object."""


class ReasonInput(StrictSerializer):
    """Why: for the history, and for those who are told of a cancellation."""

    reason = TextField(max_length=REASON_MAX_LENGTH, allow_blank=True, required=False)


class RescheduleInput(ReasonInput):
    """When instead, and why."""

    start_time = MomentField()
    end_time = MomentField()


class LessonQuery(StrictSerializer):
    """The filters of the list of lessons. Times are inclusive."""

    status = serializers.ListField(child=serializers.ChoiceField(Status.choices), required=False)
    teacher = WrittenIdField(required=False)
    student = WrittenIdField(required=False)
    start_after = MomentField(required=False)
    start_before = MomentField(required=False)
    upcoming = serializers.ChoiceField(["true", "false"], required=False, help_text="true: not started yet")
    role = serializers.ChoiceField(
        [Role.TEACHER, Role.STUDENT], required=False, help_text="mine, as teacher or student"
    )
    search = TextField(max_length=200, required=False, help_text="beginnings of words of the title")
    ordering = serializers.ChoiceField(
        ["start_time", "-start_time", "created_at", "-created_at"], default="-start_time"
    )


class UserQuery(StrictSerializer):
    role = serializers.ChoiceField(Role.choices, required=False)
    search = TextField(max_length=200, required=False, help_text="in username and full name")


class DispatchQuery(StrictSerializer):
    lesson = WrittenIdField(required=False)
    state = serializers.ChoiceField(
        DispatchState.choices,
        required=False,
        help_text="failed and partly_delivered: those whose deliveries are still kept",
    )


class DeliveryQuery(StrictSerializer):
    state = serializers.ChoiceField(DeliveryState.choices, required=False)
    channel = serializers.ChoiceField(NAMES, required=False)
    recipient = WrittenIdField(required=False)
    lesson = WrittenIdField(required=False)
    dispatch = WrittenIdField(required=False)
    run = serializers.UUIDField(required=False, help_text="that has it in flight, or has tried it")


class ChordRunQuery(StrictSerializer):
    state = serializers.ChoiceField(RunState.choices, required=False)
    channel = serializers.ChoiceField(NAMES, required=False)


class PhotoInput(StrictSerializer):
    """A form with one field: a JPEG, PNG or WebP of at most 4,096 pixels a side. It is cut down to 512."""

    photo = PhotoField()


class MeInput(StrictSerializer):
    """What people change about themselves. `channels` are those over which they want to be told."""

    full_name = TextField(max_length=150, allow_blank=True)
    email = serializers.EmailField(max_length=254, allow_blank=True)
    phone = TextField(max_length=16, allow_blank=True, validators=[validate_phone])
    language = serializers.ChoiceField(settings.LANGUAGES)
    time_zone = TextField(max_length=50, validators=[validate_time_zone])
    channels = serializers.ListField(child=serializers.ChoiceField(settings.NOTIFICATION_CHANNELS))
    photo = NoPhotoField(required=False, help_text="null removes it; a new one is sent as a form")
    id = serializers.IntegerField(read_only=True)
    username = serializers.CharField(read_only=True)
    role = serializers.CharField(read_only=True)
    calendar_url = serializers.URLField(read_only=True)

    def update(self, user: User, values: dict[str, Any]) -> User:
        if "photo" in values:
            values.pop("photo")
            Photo.objects.filter(user=user).delete()
        if "channels" in values:
            enabled = set(settings.NOTIFICATION_CHANNELS)
            kept = [name for name in user.muted_channels if name not in enabled]
            values["muted_channels"] = kept + sorted(enabled - set(values.pop("channels")))
        for name, value in values.items():
            setattr(user, name, value)
        if values:
            user.save(update_fields=list(values))
        return user
