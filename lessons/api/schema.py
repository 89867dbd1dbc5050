"""The OpenAPI description: what every operation shares."""

from typing import Any, Final

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from lessons.api.examples import PROBLEM
from lessons.api.fields import MAX_ID
from lessons.models import Status
from lessons.models.lesson import TRANSITIONS

REFUSALS = {
    "400": "Malformed, missing, unknown or read-only: the field is named.",
    "401": "Not logged in, or with a wrong, expired or revoked token.",
    "403": "Visible, but not for this role to do.",
    "404": "Not there, or not for you to see.",
    "406": "Not acceptable.",
    "409": "Not possible as things are: `code` says why.",
    "411": "The body comes without its Content-Length.",
    "412": "If-Match names another version.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "503": "The database cannot be reached; what was asked for was done in full or not at all.",
}
OF_A_BODY = {"411", "413", "415"}

IN_HEADER: Final = "header"
IF_MATCH = OpenApiParameter("If-Match", str, IN_HEADER, description="Only if the lesson still has this version.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, IN_HEADER, description="304 where nothing changed.")
ETAG = OpenApiParameter(
    "ETag", str, IN_HEADER, description="Version and body, for If-Match and If-None-Match.", response=[200, 201]
)
LOCATION = OpenApiParameter("Location", str, IN_HEADER, description="The new lesson's address.", response=[201])


class BrowserSessionScheme(SessionScheme):  # type: ignore[no-untyped-call]
    target_class = "lessons.api.sessions.BrowserSession"


class ProblemErrorSerializer(serializers.Serializer[Any]):
    attr = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal (RFC 9457). `code` never changes; `title` and `detail` are for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    code = serializers.CharField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField()
    # Of some refusals only:
    current_status = serializers.ChoiceField(Status.choices, required=False)
    available_transitions = serializers.ListField(child=serializers.ChoiceField(TRANSITIONS), required=False)
    condition = serializers.CharField(required=False, help_text="of `condition_unmet`: which one")
    conflicts = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="of `slot_conflict`: who is booked, where and when"
    )


class Schema(AutoSchema):
    def get_description(self) -> str:  # type: ignore[override]
        """Nothing but what the operation is given: docstrings are for those who read the code."""
        return ""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        return [
            parameter | {"schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID}} for parameter in parameters
        ]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, description in REFUSALS.items():
            if status not in bodies and self._may_answer(status):
                examples = PROBLEM if status == "409" else None
                refusal = OpenApiResponse(ProblemSerializer, description=description, examples=examples)
                bodies[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    refusal, status, ["application/problem+json"], direction
                )
        return bodies

    def _may_answer(self, status: str) -> bool:
        is_read = self.method == "GET"
        is_lesson_change = not is_read and "/lessons/" in self.path
        if status in OF_A_BODY:
            return not is_read
        if status in ("409", "412"):
            return is_lesson_change and (status == "409" or "{" in self.path)
        if status == "404":
            return "{" in self.path
        return True
