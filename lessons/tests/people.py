"""The people and lessons that the tests speak of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from lessons import lifecycle
from lessons.models import Lesson, User
from lessons.policies import Role

PASSWORD = "correct-horse-7"


class Person(DjangoModelFactory[User]):
    class Meta:
        model = User
        django_get_or_create = ("username",)

    username = factory.Sequence(lambda n: f"person_{n}")
    full_name = factory.LazyAttribute(lambda person: person.username.capitalize())
    phone = factory.Sequence(lambda n: f"+7900{n:07d}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@school.example")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> User:
        password = kwargs.pop("password", PASSWORD)
        person = model_class(*args, **kwargs)
        person.set_password(password)
        person.save()
        return person


class Student(Person):
    role = Role.STUDENT


class Teacher(Person):
    role = Role.TEACHER


class Manager(Person):
    role = Role.MANAGER


class Administrator(Person):
    role = Role.ADMIN


def tomorrow(hour: int = 10, minute: int = 0) -> datetime:
    """A moment tomorrow, UTC."""
    return in_days(1).replace(hour=hour, minute=minute)


# Looked at once: a suite that runs past midnight has one tomorrow.
TEN_TODAY = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)


def in_days(days: int) -> datetime:
    """Ten o'clock UTC, so many days from the one on which the tests began."""
    return TEN_TODAY + timedelta(days=days)


def draft(
    teacher: User, *students: User, title: str = "Algebra", at: datetime | None = None, hours: float = 1, **more: Any
) -> Lesson:
    """A draft of `teacher`'s, by default tomorrow from 10 to 11."""
    start = at or tomorrow()
    return lifecycle.create_lesson(
        actor=teacher,
        title=title,
        students=[s.pk for s in students],
        start_time=start,
        end_time=start + timedelta(hours=hours),
        **more,
    )


def scheduled(teacher: User, *students: User, **more: Any) -> Lesson:
    return lifecycle.schedule_lesson(lesson_id=draft(teacher, *students, **more).pk, actor=teacher)


def started(teacher: User, *students: User, **more: Any) -> Lesson:
    return lifecycle.start_lesson(lesson_id=scheduled(teacher, *students, **more).pk, actor=teacher)


def completed(teacher: User, *students: User, **more: Any) -> Lesson:
    return lifecycle.complete_lesson(lesson_id=started(teacher, *students, **more).pk, actor=teacher)


def cancelled(teacher: User, *students: User, **more: Any) -> Lesson:
    return lifecycle.cancel_lesson(lesson_id=scheduled(teacher, *students, **more).pk, actor=teacher, reason="flu")
