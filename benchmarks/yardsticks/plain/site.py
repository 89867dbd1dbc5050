"""Its one view, and what gunicorn serves."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.yardsticks.plain.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from benchmarks.yardsticks.plain.celery import app
from benchmarks.yardsticks.plain.models import Lesson

app.set_default()


def move(request: HttpRequest, pk: int, name: str) -> JsonResponse:
    with transaction.atomic():
        lesson = get_object_or_404(Lesson.objects.select_for_update(), pk=pk)
        getattr(lesson, name)()
        lesson.save()
    return JsonResponse({"id": lesson.pk, "title": lesson.title, "status": lesson.status})


urlpatterns = [path("api/v1/lessons/<int:pk>/<str:name>/", move)]
