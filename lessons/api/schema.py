"""The OpenAPI description: what every operation shares."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

REFUSALS = {
    "400": "Malformed, missing, unknown or read-only: the field is named.",
    "401": "Not logged in, or with a wrong, expired or revoked token.",
    "403": "Visible, but not for this role to do.",
    "404": "Not there, or not for you to see.",
    "406": "Not acceptable.",
    "409": "Not possible as things are: `code` says why.",
    "412": "If-Match names another version.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "503": "The database cannot be reached; nothing was changed.",
}
WITHOUT_BODY = {"413", "415"}


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


class Schema(AutoSchema):
    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, description in REFUSALS.items():
            if status not in bodies and self._may_answer(status):
                refusal = OpenApiResponse(ProblemSerializer, description=description)
                bodies[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    refusal, status, ["application/problem+json"], direction
                )
        return bodies

    def _may_answer(self, status: str) -> bool:
        is_read = self.method == "GET"
        is_lesson_change = not is_read and "/lessons/" in self.path
        if status in WITHOUT_BODY:
            return not is_read
        if status in ("409", "412"):
            return is_lesson_change and (status == "409" or "{" in self.path)
        if status == "404":
            return "{" in self.path
        return True
