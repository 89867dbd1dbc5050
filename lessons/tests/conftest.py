"""Alice and Anna teach, Bob and Carol learn, Maria manages, Root administers; nobody is told anything by accident."""

import pytest
from pytest_django import Settings

from lessons.broker import breaker
from lessons.models import User
from lessons.tests.people import Administrator, Manager, Student, Teacher
from lessons.tests.queues import empty_broker, prepare_broker


@pytest.fixture(scope="session", autouse=True)
def _broker() -> None:
    prepare_broker()


@pytest.fixture(autouse=True)
def _quiet_broker() -> None:
    """Each test starts with an empty broker and a closed breaker."""
    empty_broker()
    breaker.reset()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """The real hash takes a quarter of a second, once per person."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None) -> User:
    return Teacher(username="alice")


@pytest.fixture
def anna(db: None) -> User:
    return Teacher(username="anna")


@pytest.fixture
def bob(db: None) -> User:
    return Student(username="bob")


@pytest.fixture
def carol(db: None) -> User:
    return Student(username="carol", language="ru", time_zone="Europe/Moscow")


@pytest.fixture
def maria(db: None) -> User:
    return Manager(username="maria")


@pytest.fixture
def root(db: None) -> User:
    return Administrator(username="root")
