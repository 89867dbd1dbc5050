"""The admin's pages as a browser meets them."""

import re
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lessons.models import Lesson, User

BUTTON = re.compile(r'name="_fsm_transition_to" value="(\w+)"')
LOGIN = "/admin/login/"


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:lessons_{model._meta.model_name}_changelist")


def add_page(model: type[Model]) -> str:
    return reverse(f"admin:lessons_{model._meta.model_name}_add")


def page_of(row: Model) -> str:
    return reverse(f"admin:lessons_{row._meta.model_name}_change", args=[row.pk])


def transition_page(lesson: Lesson, name: str) -> str:
    return reverse("admin:lessons_lesson_transition", args=[lesson.pk, name])


def press(client: Client, lesson: Lesson, name: str, **more: Any) -> HttpResponse:
    """Press the button of a transition, on the page of the lesson."""
    return client.post(page_of(lesson), {"_fsm_transition_to": name, **more})


def buttons(client: Client, lesson: Lesson) -> list[str]:
    return BUTTON.findall(client.get(page_of(lesson)).content.decode())


def told(response: HttpResponse) -> str:
    """What the page that comes next will say above everything else."""
    return " ".join(message.message for message in get_messages(response.wsgi_request))


def errors(response: HttpResponse) -> dict[str, list[str]]:
    """What the form of the page says is wrong, by field."""
    return dict(response.context["adminform"].form.errors)


def moment(name: str, value: datetime) -> dict[str, str]:
    """A date and a time as two inputs, by the clock that is set."""
    local = timezone.localtime(value)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


def form_of(lesson: Lesson, **changes: Any) -> dict[str, Any]:
    """What the page of the lesson would send, with some of its fields changed."""
    times = {name: changes.pop(name, getattr(lesson, name)) for name in ("start_time", "end_time")}
    fields = {
        "title": lesson.title,
        "description": lesson.description,
        "teacher": lesson.teacher_id,
        "students": sorted(lesson.student_ids) if lesson.pk else [],
        **moment("start_time", times["start_time"]),
        **moment("end_time", times["end_time"]),
        **({"_version": lesson.version} if lesson.pk else {}),
    }
    return {**fields, **changes}


def log_of(person: User) -> list[str]:
    """What the admin's log says that the person did, oldest first."""
    return list(LogEntry.objects.filter(user=person).order_by("pk").values_list("change_message", flat=True))
