"""Answers as the documentation shows them: one lesson with its people, and what became of its messages."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

ANNA = {"id": 3, "username": "teacher_1", "full_name": "Anna Arnold"}
BOB = {"id": 8, "username": "student_1", "full_name": "Bob Brown"}
RUN = "1f0f3e0a-93b5-4a2e-8a4c-0c4d6c9b2f11"

LESSON: dict[str, Any] = {
    "id": 42,
    "title": "Algebra",
    "description": "Quadratic equations",
    "teacher": ANNA,
    "students": [BOB],
    "start_time": "2027-09-01T07:00:00Z",
    "end_time": "2027-09-01T08:00:00Z",
    "status": "scheduled",
    "version": 2,
    "available_transitions": ["reschedule", "start", "cancel"],
    "created_at": "2027-08-20T09:12:44Z",
    "updated_at": "2027-08-20T09:13:10Z",
}
BLOCKED = [
    {"name": "schedule", "code": "transition_not_allowed", "reason": "The lesson is scheduled."},
    {"name": "complete", "code": "transition_not_allowed", "reason": "The lesson is scheduled."},
]
DRAFT = {
    "status": "draft",
    "version": 1,
    "available_transitions": ["schedule", "cancel"],
    "blocked_transitions": [
        {"name": name, "code": "transition_not_allowed", "reason": "The lesson is draft."}
        for name in ("reschedule", "start", "complete")
    ],
}
EVENT = {
    "id": 108,
    "seq": 2,
    "name": "scheduled",
    "source": "draft",
    "target": "scheduled",
    "actor": ANNA,
    "reason": "As agreed by phone",
    "created_at": "2027-08-20T09:13:10Z",
    "dispatch": 108,
}
DISPATCH = {
    "id": 108,
    "lesson": 42,
    "event": 108,
    "state": "partly_delivered",
    "total": 6,
    "by_state": {"dead": 1, "sent": 5},
    "by_channel": {"email": 2, "log": 2, "sms": 2},
    "created_at": "2027-08-20T09:13:10Z",
    "expanded_at": "2027-08-20T09:13:10Z",
    "settled_at": "2027-08-20T09:13:16Z",
    "runs": [RUN],
}
DELIVERY = {
    "id": 655,
    "dispatch": 108,
    "lesson": 42,
    "event": 108,
    "recipient": 8,
    "channel": "sms",
    "state": "dead",
    "attempt_count": 1,
    "next_attempt_at": None,
    "sent_at": None,
    "last_error": "The provider does not know the number",
    "run": RUN,
}
ATTEMPT = {
    "number": 1,
    "started_at": "2027-08-20T09:13:11Z",
    "ended_at": "2027-08-20T09:13:16Z",
    "outcome": "permanent",
    "error": "The provider does not know the number",
    "run": RUN,
    "task_id": "8d4b6a1e-5f61-4c0e-a3d8-2f4e1f0f7a02",
}
CHORD_RUN = {
    "id": RUN,
    "channel": "sms",
    "state": "closed",
    "size": 2,
    "done": 2,
    "started_at": "2027-08-20T09:13:10Z",
    "closed_at": "2027-08-20T09:13:16Z",
    "age_seconds": 6.012,
    "delivery_count": 2,
    "task_ids": ["8d4b6a1e-5f61-4c0e-a3d8-2f4e1f0f7a02", "0b9d2c54-7f43-4e27-9b77-5f3b1f1c9a10"],
    "report": {"sent": 1, "failed": 0, "lost": 0, "dead": 1, "seconds": 5.004, "mean_seconds": 5.002},
}
USER = {**BOB, "role": "student", "email": "student_1@school.example", "phone": "+79000000008", "is_active": True}
ME = {
    **ANNA,
    "role": "teacher",
    "email": "teacher_1@school.example",
    "phone": "+79000000003",
    "language": "en",
    "time_zone": "Europe/Moscow",
    "photo": "https://school.example/api/v1/users/3/photo/",
    "channels": ["log", "email", "sms"],
    "calendar_url": "https://school.example/api/v1/calendar/3-0.Jx0fR2mV7hCq8oZk1yB5tW9sLdNpUeGa.ics",
}
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Lesson Management System//EN
METHOD:PUBLISH
BEGIN:VEVENT
UID:lesson-42@school.example
SEQUENCE:2
DTSTAMP:20270820T091310Z
DTSTART:20270901T070000Z
DTEND:20270901T080000Z
SUMMARY:Algebra
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
"""


def answer(name: str, value: Any, status: str = "200", **options: Any) -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=[status], **options)


DETAIL = {**LESSON, "blocked_transitions": BLOCKED}
LESSON_LISTED = answer("A scheduled lesson", LESSON)
LESSON_CREATED = answer("A draft", {**LESSON, **DRAFT}, "201")
LESSON_READ = answer("A scheduled lesson", DETAIL)
LESSON_MOVED = answer("The lesson as it is now", {**DETAIL, "event": 108, "dispatch": 108})
EVENT_LISTED = answer("It was scheduled", EVENT)
DISPATCH_READ = answer("One message did not arrive", DISPATCH)
REOPENED = {**DISPATCH, "state": "delivering", "by_state": {"pending": 1, "sent": 5}, "settled_at": None}
DISPATCH_REDELIVERED = answer("Under way again", REOPENED, "202")
DELIVERY_LISTED = answer("A dead message", DELIVERY)
DELIVERY_READ = answer("A dead message", {**DELIVERY, "attempts": [ATTEMPT]})
REVIVED = {**DELIVERY, "state": "pending", "next_attempt_at": "2027-08-20T09:40:00Z", "attempts": [ATTEMPT]}
DELIVERY_REDELIVERED = answer("Due again", REVIVED, "202")
RUN_READ = answer("A closed run", CHORD_RUN)
USER_LISTED = answer("As managers see them", USER)
ME_READ = answer("A teacher", ME)
CALENDAR_READ = answer("One lesson", CALENDAR, media_type="text/calendar")
