"""One task per notification; and tasks that do nothing, for what Celery itself costs."""

import logging
import os
from functools import cache

import redis
from celery import shared_task
from django.apps import apps

logger = logging.getLogger(__name__)


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"])


@shared_task(ignore_result=True)
def notify(lesson_id: int, person_id: int, status: str) -> None:
    _tell(lesson_id, person_id, status)


@shared_task
def notify_in_chord(lesson_id: int, person_id: int, status: str) -> None:
    """The same as a header task, whose end the chord counts."""
    _tell(lesson_id, person_id, status)


def _tell(lesson_id: int, person_id: int, status: str) -> None:
    lesson = apps.get_model("plain", "Lesson").objects.get(pk=lesson_id)
    person = apps.get_model("plain", "Person").objects.get(pk=person_id)
    logger.info("Notification sent to %s for lesson %s: %s", person.pk, lesson.title, status)


@shared_task(ignore_result=True)
def all_told(key: str) -> None:
    """The chord's body: says so where the bench listens."""
    _broker().rpush(key, 1)


@shared_task(ignore_result=True)
def do_nothing() -> None:
    """What a task costs that does nothing."""


@shared_task(ignore_result=True)
def say_started(key: str) -> None:
    """The first thing that a task can do."""
    logger.info("started %s", key)
