"""The bare view: the SQL of a transition by cursor. No login, no serializer, no notification, no middleware.

It works on our tables, and writes there what our site writes.
"""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from backend.environment import Environment

LOCK = "SELECT * FROM lessons_lesson WHERE id = %s FOR NO KEY UPDATE"
STUDENTS = "SELECT user_id FROM lessons_lesson_students WHERE lesson_id = %s"
MOVE = """
UPDATE lessons_lesson SET status = %s, version = %s, updated_at = now() WHERE id = %s AND version = %s AND status = %s
"""
LOCK_PEOPLE = "SELECT 1 FROM lessons_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
BOOK = """
INSERT INTO lessons_booking (lesson_id, user_id, during) SELECT %s, unnest(%s), tstzrange(%s, %s) RETURNING id
"""
EVENT = """
INSERT INTO lessons_lessonevent (lesson_id, seq, name, source, target, actor_id, reason, request_id, recipients,
                                 occasion, start_time, snapshot)
VALUES (%s, %s, %s, %s, %s, %s, '', '', %s, '', %s, %s) RETURNING id
"""
DISPATCH = "INSERT INTO lessons_dispatch (event_id, lesson_id) VALUES (%s, %s)"
STEPS = {
    "schedule": ("draft", "scheduled", "scheduled"),
    "start": ("scheduled", "in_progress", "started"),
    "complete": ("in_progress", "completed", "completed"),
}


def move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    source, target, event_name = STEPS[name]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [pk])
        row = dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))
        cursor.execute(STUDENTS, [pk])
        people = sorted({row["teacher_id"], *(user for (user,) in cursor.fetchall())})
        cursor.execute(MOVE, [target, row["version"] + 1, pk, row["version"], source])
        if name == "schedule":
            cursor.execute(LOCK_PEOPLE, [people])
            cursor.execute(BOOK, [pk, people, row["start_time"], row["end_time"]])
        snapshot = {name: _plain(row[name]) for name in ("title", "teacher_id", "start_time", "end_time")}
        facts = [pk, row["version"] + 1, event_name, source, target, row["teacher_id"], people, row["start_time"]]
        cursor.execute(EVENT, [*facts, json.dumps(snapshot)])
        cursor.execute(DISPATCH, [cursor.fetchone()[0], pk])
    body = json.dumps({"id": pk, "status": target})
    return HttpResponse(body, content_type="application/json", headers={"Content-Length": len(body)})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


urlpatterns = [path("api/v1/lessons/<int:pk>/<str:name>/", move)]

if not settings.configured:
    settings.configure(
        SECRET_KEY="of no use: nobody logs in",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[],
        DATABASES={
            "default": {
                **Environment([]).database("DATABASE_URL"),
                "CONN_MAX_AGE": 60,
                "CONN_HEALTH_CHECKS": True,
            }
        },
        USE_TZ=True,
    )
application = get_wsgi_application()
