"""How the API describes itself: what drf-spectacular is told, as far as nobody sets it."""

from typing import Any


def described(*, introduction: str, is_public: bool, languages: list[tuple[str, Any]]) -> dict[str, Any]:
    """The SPECTACULAR_SETTINGS, with `introduction` (Markdown) at the head of the description."""
    return {
        "TITLE": "Lesson Management System",
        "VERSION": "1",
        "OAS_VERSION": "3.1.0",
        "DESCRIPTION": introduction,
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PERMISSIONS": [
            "rest_framework.permissions.AllowAny" if is_public else "rest_framework.permissions.IsAuthenticated"
        ],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
        "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "displayRequestDuration": True, "deepLinking": True},
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "lessons.api.schema.add_problem_examples",
        ],
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        "ENUM_NAME_OVERRIDES": {
            "LessonStatus": "lessons.models.lesson.Status",
            "Transition": "lessons.models.lesson.TRANSITIONS",
            "EventName": "lessons.api.serializers.EVENT_NAMES",
            "DispatchState": "lessons.models.dispatch.DispatchState",
            "DeliveryState": "lessons.models.delivery.DeliveryState",
            "AttemptOutcome": "lessons.models.delivery.AttemptOutcome",
            "ProblemCode": "lessons.api.problem_table.CODES",
            "RunState": "lessons.models.run.RunState",
            "Channel": "lessons.notifications.channels.NAMES",
            "Role": "lessons.policies.Role",
            "Language": languages,
        },
        "TAGS": [
            {"name": "auth", "description": "Tokens. A session from `/accounts/login/` works too."},
            {"name": "me", "description": "Who I am, how I am reached and in which language."},
            {"name": "users", "description": "Whom a lesson can be given to."},
            {"name": "lessons", "description": "Read, create and edit lessons, move them through their life."},
            {"name": "notifications", "description": "Who has been told what, and how far that has come."},
        ],
    }
