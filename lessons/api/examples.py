"""Requests and answers as the documentation shows them."""

from drf_spectacular.utils import OpenApiExample

TOKEN = [
    OpenApiExample("A demo account", {"username": "teacher_1", "password": "demo-pass-1"}, request_only=True),
    OpenApiExample("Both tokens", {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}, response_only=True),
]

REFRESH_TOKEN = {"refresh": "eyJhbGciOi…"}
TOKEN_REFRESH = [OpenApiExample("The latest refresh token", REFRESH_TOKEN, request_only=True), TOKEN[1]]
LOGOUT = [OpenApiExample("The latest refresh token", REFRESH_TOKEN, request_only=True)]

LESSON = [
    OpenApiExample(
        "An hour of algebra",
        {
            "title": "Algebra",
            "description": "Quadratic equations",
            "students": [8, 9],
            "start_time": "2027-09-01T10:00:00+03:00",
            "end_time": "2027-09-01T11:00:00+03:00",
        },
        request_only=True,
    )
]

LESSON_EDIT = [
    OpenApiExample("Another title", {"title": "Algebra, again"}, request_only=True),
    OpenApiExample("Other students", {"students": [8, 11]}, request_only=True),
]

PROFILE = [
    OpenApiExample(
        "In Russian, and no SMS",
        {"language": "ru", "time_zone": "Europe/Moscow", "channels": ["log", "email"]},
        request_only=True,
        media_type="application/json",
    ),
    OpenApiExample("No photo any more", {"photo": None}, request_only=True, media_type="application/json"),
]

TRANSITION = [
    OpenApiExample("With a reason", {"reason": "As agreed by phone"}, request_only=True),
    OpenApiExample("Without one", {}, request_only=True),
]

RESCHEDULE = [
    OpenApiExample(
        "A day later",
        {
            "start_time": "2027-09-02T10:00:00+03:00",
            "end_time": "2027-09-02T11:00:00+03:00",
            "reason": "The room is taken",
        },
        request_only=True,
    )
]

REDELIVERY = [OpenApiExample("With a reason", {"reason": "The gateway was down this morning"}, request_only=True)]
