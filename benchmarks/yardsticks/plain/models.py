"""Lessons that tell people by a signal."""

from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django_fsm import FSMField, transition

from benchmarks.yardsticks.plain.tasks import notify


class Person(models.Model):
    name = models.CharField(max_length=150)
    language = models.CharField(max_length=5, default="en")


class Lesson(models.Model):
    title = models.CharField(max_length=200)
    teacher = models.ForeignKey(Person, models.PROTECT, related_name="taught")
    students = models.ManyToManyField(Person, related_name="attended")
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()
    status = FSMField(default="draft")

    @transition("status", "draft", "scheduled")
    def schedule(self) -> None:
        """The lesson is on."""

    @transition("status", "scheduled", "in_progress")
    def start(self) -> None:
        """The lesson begins."""

    @transition("status", "in_progress", "completed")
    def complete(self) -> None:
        """The lesson has been held."""


@receiver(post_save, sender=Lesson)
def tell_everybody(*, instance: Lesson, **_: Any) -> None:
    people = [instance.teacher_id, *instance.students.values_list("pk", flat=True)]
    for person in people:
        transaction.on_commit(lambda person=person: notify.delay(instance.pk, person, instance.status))
