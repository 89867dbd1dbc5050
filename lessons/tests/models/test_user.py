"""People: what their role makes of them, and how they can be reached."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from lessons.models import User
from lessons.policies import Role
from lessons.tests.people import Person, draft

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "staff", "superuser"),
    [
        (Role.STUDENT, False, False),
        (Role.TEACHER, False, False),
        (Role.MANAGER, True, False),
        (Role.ADMIN, True, True),
    ],
)
def test_the_role_decides_who_enters_the_admin(role: Role, staff: bool, superuser: bool) -> None:
    person = User(username="somebody", role=role, is_staff=not staff, is_superuser=not superuser)

    person.save()

    person.refresh_from_db()
    assert (person.is_staff, person.is_superuser) == (staff, superuser)


@pytest.mark.parametrize("update_fields", [None, ["role"]])
def test_who_loses_the_role_loses_the_admin(update_fields: list[str] | None, root: User) -> None:
    root.role = Role.STUDENT

    root.save(update_fields=update_fields)

    root.refresh_from_db()
    assert (root.is_staff, root.is_superuser) == (False, False)


def test_a_new_person_is_a_student_who_may_do_nothing_special() -> None:
    person = User.objects.create_user("somebody", password="correct-horse-7")

    assert (person.role, person.is_staff, person.check_password("correct-horse-7")) == (Role.STUDENT, False, True)


def test_a_superuser_is_an_administrator() -> None:
    assert User.objects.create_superuser("boss", password="correct-horse-7").role == Role.ADMIN


def test_the_database_knows_the_roles() -> None:
    with pytest.raises(IntegrityError, match="user_role_known"), transaction.atomic():
        User.objects.create(username="somebody", role="janitor")


def problems(person: User) -> set[str]:
    """The fields that are refused."""
    try:
        person.full_clean()
    except ValidationError as error:
        return set(error.message_dict)
    return set()


@pytest.mark.parametrize("phone", ["", "+1234567", "+79001234567", "+123456789012345"])
def test_a_phone_number_is_international(phone: str, bob: User) -> None:
    bob.phone = phone

    assert problems(bob) == set()


@pytest.mark.parametrize(
    "phone", ["89001234567", "+123456", "+1234567890123456", "+7 900 123", "+79001234567\n", "+٧٩٠٠١٢٣٤٥٦٧", "call me"]
)
def test_other_phone_numbers_are_refused(phone: str, bob: User) -> None:
    bob.phone = phone

    assert problems(bob) == {"phone"}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Moscow", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_has_a_name(zone: str, bob: User) -> None:
    bob.time_zone = zone

    assert problems(bob) == set()


@pytest.mark.parametrize("zone", ["", "Moscow", "+03:00", "../etc/passwd", "europe/moscow"])
def test_other_time_zones_are_refused(zone: str, bob: User) -> None:
    bob.time_zone = zone

    assert problems(bob) == {"time_zone"}


@pytest.mark.parametrize(("language", "refused"), [("en", set()), ("ru", set()), ("de", {"language"})])
def test_messages_are_written_in_two_languages(language: str, refused: set[str], bob: User) -> None:
    bob.language = language

    assert problems(bob) == refused


def test_people_are_called_by_their_name_or_else_by_their_login() -> None:
    named, nameless = User(username="b", full_name="Bob Brown"), User(username="c")

    assert [str(named), named.get_full_name(), named.get_short_name()] == ["Bob Brown"] * 3
    assert [str(nameless), nameless.get_full_name(), nameless.get_short_name()] == ["c", "", "c"]


def test_teachers_and_attendees_are_active_people_of_these_roles() -> None:
    everybody = {role: Person(username=role, role=role) for role in Role}
    Person(username="former teacher", role=Role.TEACHER, is_active=False)
    Person(username="former student", role=Role.STUDENT, is_active=False)

    assert set(User.objects.teachers()) == {everybody[Role.TEACHER]}
    assert set(User.objects.attendees()) == {everybody[Role.TEACHER], everybody[Role.STUDENT]}


def test_whoever_teaches_cannot_be_deleted(alice: User) -> None:
    draft(alice)

    with pytest.raises(ProtectedError):
        alice.delete()
