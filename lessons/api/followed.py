"""What goes out about notifications: dispatches, deliveries with their attempts, and chord runs."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lessons.models import AttemptOutcome, ChordRun, Delivery, DeliveryAttempt, DeliveryState, Dispatch, DispatchState
from lessons.models.run import RunState
from lessons.notifications.channels import NAMES


class DispatchSerializer(serializers.ModelSerializer[Dispatch]):
    """How far the notifications about one event have come. The context has the `progress` and `runs` of them all."""

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

    def get_total(self, dispatch: Dispatch) -> int:
        return sum(self.get_by_state(dispatch).values())

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField(min_value=0)))
    def get_by_state(self, dispatch: Dispatch) -> dict[str, int]:
        by_state: dict[str, int] = self.context["progress"][dispatch.pk].by_state
        return by_state

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField(min_value=0)))
    def get_by_channel(self, dispatch: Dispatch) -> dict[str, int]:
        by_channel: dict[str, int] = self.context["progress"][dispatch.pk].by_channel
        return by_channel

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_runs(self, dispatch: Dispatch) -> list[str]:
        return [str(run) for run in self.context["runs"][dispatch.pk]]


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message to one person over one channel."""

    dispatch = serializers.IntegerField(source="dispatch_id")
    lesson = serializers.IntegerField(source="lesson_id")
    event = serializers.IntegerField(source="dispatch_id")
    recipient = serializers.IntegerField(source="recipient_id")
    channel = serializers.ChoiceField(NAMES)
    state = serializers.ChoiceField(DeliveryState.choices)
    next_attempt_at = serializers.SerializerMethodField()
    run = serializers.UUIDField(source="run_id", allow_null=True)

    class Meta:
        model = Delivery
        fields = read_only_fields = (
            "id",
            "dispatch",
            "lesson",
            "event",
            "recipient",
            "channel",
            "state",
            "attempt_count",
            "next_attempt_at",
            "sent_at",
            "last_error",
            "run",
        )

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_attempt_at(self, delivery: Delivery) -> str | None:
        """Of what waits for one; the row keeps the moment of the last."""
        if delivery.state != DeliveryState.PENDING:
            return None
        return serializers.DateTimeField().to_representation(delivery.next_attempt_at)


class AttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    outcome = serializers.ChoiceField(AttemptOutcome.choices)
    run = serializers.UUIDField(source="run_id", allow_null=True)

    class Meta:
        model = DeliveryAttempt
        fields = read_only_fields = ("number", "started_at", "ended_at", "outcome", "error", "run", "task_id")


class DeliveryDetailSerializer(DeliverySerializer):
    """A delivery at its own address: also every try, the first one first."""

    attempts = serializers.SerializerMethodField()

    class Meta(DeliverySerializer.Meta):
        fields = read_only_fields = (*DeliverySerializer.Meta.fields, "attempts")  # type: ignore[assignment]

    @extend_schema_field(AttemptSerializer(many=True))
    def get_attempts(self, delivery: Delivery) -> Any:
        return AttemptSerializer(delivery.attempts.order_by("number"), many=True).data


class ChordRunSerializer(serializers.ModelSerializer[ChordRun]):
    """One Celery chord. `size` counts its header tasks, `done` those with nothing left in flight."""

    channel = serializers.ChoiceField(NAMES)
    state = serializers.ChoiceField(RunState.choices)
    done = serializers.IntegerField()
    age_seconds = serializers.SerializerMethodField()
    report = serializers.DictField()

    class Meta:
        model = ChordRun
        fields = read_only_fields = (
            "id",
            "channel",
            "state",
            "size",
            "done",
            "started_at",
            "closed_at",
            "age_seconds",
            "delivery_count",
            "task_ids",
            "report",
        )

    def get_age_seconds(self, run: ChordRun) -> float:
        """From its start to its end, or until now."""
        return round(((run.closed_at or timezone.now()) - run.started_at).total_seconds(), 3)
