"""The demo's people and lessons: repeatable, in every status, and never in production."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from lessons.models import Dispatch, Lesson, Status, User
from lessons.policies import Role
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db


def test_the_demo_has_its_accounts_with_addresses() -> None:
    call_command("seed_data")

    root = User.objects.get(username="root")
    assert root.role == Role.ADMIN
    assert root.check_password("root")
    assert User.objects.get(username="student_5").check_password("demo-pass-1")
    assert User.objects.filter(role=Role.TEACHER).count() == 5
    assert not User.objects.filter(email="").exists()
    assert not User.objects.filter(phone="").exists()


def test_some_lessons_are_in_every_status() -> None:
    call_command("seed_data")

    assert Lesson.objects.count() == 10
    assert set(Lesson.objects.values_list("status", flat=True)) == set(Status.values)


def test_invented_lessons_are_told_of_in_the_log_only() -> None:
    call_command("seed_data")

    assert Dispatch.objects.exists()
    assert not Dispatch.objects.exclude(channels=["log"]).exists()


def test_a_second_seed_changes_nothing() -> None:
    call_command("seed_data")
    before = list(Lesson.objects.order_by("id").values_list("id", "version"))

    call_command("seed_data")

    assert list(Lesson.objects.order_by("id").values_list("id", "version")) == before


def test_more_lessons_and_students_can_be_asked_for() -> None:
    call_command("seed_data", "--lessons", "23", "--students", "7")

    assert Lesson.objects.count() == 23
    assert User.objects.filter(role=Role.STUDENT).count() == 7


def test_the_demo_does_not_wait_for_the_messages_of_other_lessons(alice: User) -> None:
    call_command("seed_data")
    draft(alice)  # nobody is there to send what it notifies

    call_command("seed_data", "--wait")

    assert Dispatch.objects.filter(settled_at__isnull=True).exists()


@pytest.mark.parametrize("arguments", [["--students", "4"], ["--lessons", "-1"]])
def test_numbers_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=arguments[0]):
        call_command("seed_data", *arguments)

    assert not User.objects.exists()


def test_production_never_gets_public_passwords(settings: Settings) -> None:
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        call_command("seed_data")

    assert not User.objects.exists()
