"""Every column of every row, offered in every body: none but the fields of the description is ever taken."""

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from lessons.models import Delivery, IdempotencyRecord, Lesson, User
from lessons.notifications.expand import expand
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, times, url
from lessons.tests.people import PASSWORD, draft, scheduled
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"
ALLOWED = {
    "create": {"title", "description", "teacher", "students", "start_time", "end_time"},
    "edit": {"title", "description", "teacher", "students", "start_time", "end_time"},
    "cancel": {"reason"},
    "reschedule": {"reason", "start_time", "end_time"},
    "redeliver": {"reason"},
    "me": {"full_name", "email", "phone", "language", "time_zone", "channels", "photo"},
    "rotate": set(),
    "token": {"username", "password"},
}
SHOWN = {"event", "dispatch", "available_transitions", "blocked_transitions", "photo", "channels", "calendar_url"}


def columns(*models: type[Model]) -> set[str]:
    """By every name under which a field could be set."""
    fields = [field for model in models for field in model._meta.get_fields()]
    return {field.name for field in fields} | {getattr(field, "attname", field.name) for field in fields}


EVERY_NAME = sorted(
    columns(*apps.get_app_config("lessons").get_models())
    | SHOWN
    | {"pk", "_state", "__class__", "user", "is_admin", "Title", "title ", "students__id", "teacher_id", "_status"}
)


def send(what: str, extra: dict[str, Any], alice: User, bob: User) -> Any:
    """The request `what`, as somebody who may, with more in its body than belongs there."""
    lesson = Lesson.objects.earliest("pk")
    verb, address, body = {
        "create": ("post", LESSONS, lesson_body(bob)),
        "edit": ("patch", url(lesson), {"title": "Geometry"}),
        "cancel": ("post", url(lesson, "cancel"), {"reason": "flu"}),
        "reschedule": ("post", url(lesson, "reschedule"), times(15)),
        "redeliver": ("post", f"/api/v1/dispatches/{lesson.dispatches.latest('event').pk}/redeliver/", {}),
        "me": ("patch", ME, {"full_name": "Eve"}),
        "rotate": ("post", "/api/v1/me/calendar/rotate/", {}),
        "token": ("post", "/api/v1/auth/token/", {"username": "alice", "password": PASSWORD}),
    }[what]
    return getattr(api(alice), verb)(address, body | extra)


@pytest.mark.parametrize("what", ALLOWED)
def test_no_field_is_taken_that_is_not_described(what: str, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob) if what == "reschedule" else draft(alice, bob)
    expand()
    Delivery.objects.update(state="dead")
    refused = [name for name in EVERY_NAME if name not in ALLOWED[what]]
    before = list(User.objects.order_by("pk").values())

    with nothing_written():
        response = send(what, dict.fromkeys(refused, 1), alice, bob)

    body = problem(response, 400, "invalid", *refused)
    assert {error["code"] for error in body["errors"]} <= {"read_only", "unknown"}
    assert list(User.objects.order_by("pk").values()) == before
    assert len(refused) > 60
    for name in ("status", "is_superuser", "role", "version", "attempt_limit"):
        assert name in refused
    assert lesson.pk


@pytest.mark.parametrize("name", ["status", "version", "id", "created_at", "role"])
def test_one_field_too_many_is_enough_to_refuse_the_rest(name: str, alice: User, bob: User) -> None:
    draft(alice, bob)

    with nothing_written():
        problem(send("edit", {name: "completed"}, alice, bob), 400, "invalid", name)


def test_query_parameters_and_forms_set_nothing(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    with nothing_written():
        problem(api(alice).patch(f"{url(lesson)}?status=completed", {"title": "Geometry"}), 400, "invalid", "status")
        response = api(alice).patch(url(lesson), {"status": "completed"}, format="multipart")
        problem(response, 415, "unsupported_media_type", None)
    assert not IdempotencyRecord.objects.exists()
