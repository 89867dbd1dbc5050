"""Requests and answers as the documentation shows them."""

from drf_spectacular.utils import OpenApiExample

TOKEN = [
    OpenApiExample("A demo account", {"username": "teacher_1", "password": "demo-pass-1"}, request_only=True),
    OpenApiExample("Both tokens", {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}, response_only=True),
]

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

PROBLEM = [
    OpenApiExample(
        "A transition that is not possible",
        {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "detail": "This is not possible: the lesson is completed.",
            "instance": "/api/v1/lessons/7/start/",
            "code": "transition_not_allowed",
            "errors": [
                {
                    "attr": None,
                    "code": "transition_not_allowed",
                    "detail": "This is not possible: the lesson is completed.",
                }
            ],
            "request_id": "6f9619ff8b86d011b42d00c04fc964ff",
            "current_status": "completed",
            "available_transitions": [],
        },
        response_only=True,
        status_codes=["409"],
    )
]
