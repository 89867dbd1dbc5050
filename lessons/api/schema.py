"""The OpenAPI description: what every operation shares, how it refuses first of all."""

from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from lessons.api.fields import MAX_ID, StrictSerializer
from lessons.api.problem_table import CODES, KINDS, example_of
from lessons.models import Status
from lessons.models.lesson import TRANSITIONS

PROBLEM_TYPE = "application/problem+json"
REFUSALS = {
    400: "Malformed, missing, unknown or read-only: the field is named.",
    401: "Not logged in, or with a wrong, expired or revoked token; or the account is deactivated.",
    403: "Visible, but not for this role to do; or a session without its CSRF token.",
    404: "Not there, or not for you to see.",
    406: "Not acceptable.",
    409: "Not possible as things are: `code` says why.",
    411: "The body comes without its Content-Length.",
    412: "If-Match names another version.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The Idempotency-Key came with another request before.",
    429: "Too many requests, or too many failed logins.",
    503: "The database cannot be reached; what was asked for was done in full or not at all.",
}

# What keeps an operation from being possible as things are.
_OF_A_MOVE = ("transition_not_allowed", "condition_unmet", "concurrent_change", "idempotency_in_flight")
_OF_A_BOOKING = ("transition_not_allowed", "condition_unmet", "slot_conflict", *_OF_A_MOVE[2:])
CONFLICTS: dict[str, tuple[str, ...]] = {
    "lessons_create": ("concurrent_change", "idempotency_in_flight"),
    "lessons_partial_update": ("not_editable", "condition_unmet", "slot_conflict", "concurrent_change"),
    "lessons_schedule": _OF_A_BOOKING,
    "lessons_reschedule": _OF_A_BOOKING,
    **dict.fromkeys(("lessons_start", "lessons_complete", "lessons_cancel"), _OF_A_MOVE),
    "dispatches_redeliver": ("nothing_to_redeliver", "concurrent_change", "idempotency_in_flight"),
    "deliveries_redeliver": ("not_dead", "concurrent_change", "idempotency_in_flight"),
}
LOGGED_IN = ("not_authenticated", "token_not_valid", "bad_authorization_header", "user_inactive", "password_changed")
WITHOUT_LOGIN: dict[str, tuple[str, ...]] = {
    "auth_token": ("no_active_account", "too_many_logins"),
    "auth_token_refresh": ("token_not_valid", "user_inactive", "password_changed"),
    "auth_logout": ("token_not_valid",),
    "lessons_secret_calendar": (),
}
# Reads that are not for every role; of what changes something, a session needs a CSRF token.
READS_BY_ROLE = {
    *("users_list", "dispatches_list", "dispatches_retrieve", "chord_runs_list", "chord_runs_retrieve"),
}

IN_HEADER: Final = "header"
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    IN_HEADER,
    description="Makes it safe to send this again: within 24 hours the same key gets the first answer.",
)
IF_MATCH = OpenApiParameter("If-Match", str, IN_HEADER, description="Only if the lesson still has this version.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, IN_HEADER, description="304 where nothing changed.")
ETAG = OpenApiParameter(
    "ETag", str, IN_HEADER, description="Version and body, for If-Match and If-None-Match.", response=[200, 201]
)
LOCATION = OpenApiParameter("Location", str, IN_HEADER, description="The new lesson's address.", response=[201])
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
AUTHENTICATE = {"description": "How to log in.", "schema": {"type": "string"}, "example": 'Bearer realm="api"'}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": AUTHENTICATE},
    429: {"Retry-After": RETRY_AFTER},
    503: {"Retry-After": RETRY_AFTER},
}


class BrowserSessionScheme(SessionScheme):  # type: ignore[no-untyped-call]
    target_class = "lessons.api.sessions.BrowserSession"

    def get_security_definition(self, auto_schema: Any) -> Any:
        told = "The session of /accounts/login/. What changes something needs the header X-CSRFToken."
        return {**super().get_security_definition(auto_schema), "description": told}  # type: ignore[no-untyped-call]


class TokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    target_class = "lessons.api.tokens.BearerToken"

    def get_security_definition(self, auto_schema: Any) -> Any:
        told = "The `access` token of /api/v1/auth/token/."
        return {**super().get_security_definition(auto_schema), "description": told}  # type: ignore[no-untyped-call]


class ProblemErrorSerializer(serializers.Serializer[Any]):
    attr = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class ConflictPersonSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    full_name = serializers.CharField()


class ConflictSerializer(serializers.Serializer[Any]):
    """Who is booked; where and when, if it is a lesson that you may see."""

    user = ConflictPersonSerializer()
    lesson = serializers.IntegerField(allow_null=True)
    start_time = serializers.DateTimeField(allow_null=True)
    end_time = serializers.DateTimeField(allow_null=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal (RFC 9457). `code` never changes; `title` and `detail` are for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    code = serializers.ChoiceField(CODES)
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField()
    # Of some refusals only:
    current_status = serializers.ChoiceField(Status.choices, required=False)
    available_transitions = serializers.ListField(child=serializers.ChoiceField(TRANSITIONS), required=False)
    condition = serializers.CharField(required=False, help_text="of `condition_unmet`: which one")
    conflicts = ConflictSerializer(many=True, required=False, help_text="of `slot_conflict`")


def add_problem_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every problem code once, for all operations that refer to it."""
    result["components"]["examples"] = {
        code: {"summary": kind.detail, "value": example_of(code)} for code, kind in KINDS.items()
    }
    return result


class Schema(AutoSchema):
    def get_description(self) -> str:  # type: ignore[override]
        """Nothing but what the operation is given: docstrings are for those who read the code."""
        return ""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """What needs no login says so."""
        operation = super().get_operation(*args, **kwargs)
        return operation and {**operation, "security": operation.get("security", [])}

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """What refuses unknown fields says so."""
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        is_strict = direction == "request" and isinstance(serializer, StrictSerializer)
        return schema | {"additionalProperties": False} if is_strict else schema

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        return [
            parameter | {"schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID}} for parameter in parameters
        ]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for answered, body in bodies.items():
            body["description"] = body["description"] or HTTPStatus(int(answered)).phrase
        codes = self._refusals()
        for status in sorted({KINDS[code].status for code in codes}):
            told = [code for code in codes if KINDS[code].status == status]
            bodies[str(status)] = self._refusal(status, told, direction)
        return bodies

    def _refusal(self, status: int, codes: list[str], direction: Any) -> dict[str, Any]:
        response = OpenApiResponse(ProblemSerializer, description=REFUSALS[status])
        body: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            response, str(status), [PROBLEM_TYPE], direction
        )
        body["content"][PROBLEM_TYPE]["examples"] = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
        return body | ({"headers": HEADERS[status]} if status in HEADERS else {})

    def _refusals(self) -> list[str]:
        """The codes of every refusal that the operation may answer with."""
        name, changes = self.get_operation_id(), self.method != "GET"
        needs_login = name not in WITHOUT_LOGIN
        codes = ["invalid", "not_acceptable", "service_unavailable"]
        codes += [*LOGGED_IN, "throttled"] if needs_login else WITHOUT_LOGIN[name]
        codes += ["permission_denied"] if name in READS_BY_ROLE or (needs_login and changes) else []
        codes += ["not_found"] if "{" in self.path else []
        codes += ["parse_error", "length_required", "body_too_large", "unsupported_media_type"] if changes else []
        codes += CONFLICTS.get(name, ())
        codes += ["version_mismatch"] if self._takes(IF_MATCH) else []
        codes += ["idempotency_mismatch"] if self._takes(IDEMPOTENCY) else []
        return codes

    def _takes(self, parameter: OpenApiParameter) -> bool:
        return parameter in self.get_override_parameters()
