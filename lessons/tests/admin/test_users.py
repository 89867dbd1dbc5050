"""People in the admin: who sees them, who changes them, and that nobody raises themselves."""

from typing import Any

import pytest
from django.test import Client

from lessons.models import User
from lessons.policies import Role
from lessons.tests.admin.pages import add_page, errors, list_of, log_of, page_of

pytestmark = pytest.mark.django_db


def person(**fields: Any) -> dict[str, Any]:
    """What the form of a person sends."""
    reach = {"full_name": "Dora", "email": "dora@school.example", "phone": "+79001234567", "language": "ru"}
    rights = {"role": "teacher", "is_active": "on"}
    return {"username": "dora", "time_zone": "Europe/Moscow", **rights, **reach, **fields}


def newcomer(**fields: Any) -> dict[str, Any]:
    secret = "correct-horse-7"
    return person(usable_password="true", password1=secret, password2=secret, **fields)


@pytest.mark.parametrize(
    ("role", "is_staff", "is_superuser"),
    [("student", False, False), ("teacher", False, False), ("manager", True, False), ("admin", True, True)],
)
def test_an_administrator_adds_somebody_whose_rights_follow_from_the_role(
    roots: Client, role: str, is_staff: bool, is_superuser: bool
) -> None:
    roots.post(add_page(User), newcomer(role=role))

    dora = User.objects.get(username="dora")
    assert (dora.role, dora.is_staff, dora.is_superuser) == (role, is_staff, is_superuser)
    assert (dora.language, dora.time_zone) == ("ru", "Europe/Moscow")
    assert dora.check_password("correct-horse-7")


def test_an_administrator_changes_somebody(roots: Client, root: User, bob: User) -> None:
    roots.post(page_of(bob), person(username="bob", role="manager", muted_channels=["sms"]))

    changed = User.objects.get(pk=bob.pk)
    assert (changed.role, changed.is_staff, changed.muted_channels) == (Role.MANAGER, True, ["sms"])
    assert len(log_of(root)) == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"phone": "12"}, "phone"),
        ({"muted_channels": ["drums"]}, "muted_channels"),
        ({"role": "king"}, "role"),
        ({"username": ""}, "username"),
    ],
)
def test_what_nobody_can_have_is_an_error_of_its_field(
    roots: Client, bob: User, typed: dict[str, Any], field: str
) -> None:
    response = roots.post(page_of(bob), person(**typed))

    assert list(errors(response)) == [field]


def test_staff_and_superuser_are_no_inputs(roots: Client, bob: User) -> None:
    roots.post(page_of(bob), person(username="bob", role="student", is_staff="on", is_superuser="on"))

    changed = User.objects.get(pk=bob.pk)
    assert (changed.is_staff, changed.is_superuser) == (False, False)


def test_an_administrator_keeps_their_own_role_and_access(roots: Client, root: User) -> None:
    roots.post(page_of(root), {**person(username="root", role="student"), "is_active": ""})

    changed = User.objects.get(pk=root.pk)
    assert (changed.role, changed.is_active, changed.full_name) == (Role.ADMIN, True, "Dora")


@pytest.mark.parametrize("whom", ["maria", "bob", "root"])
@pytest.mark.parametrize("page", ["change", "delete", "password", "history"])
def test_a_manager_changes_nobody_by_any_page(
    marias: Client, maria: User, whom: str, page: str, request: pytest.FixtureRequest
) -> None:
    target = request.getfixturevalue(whom)
    before = list(User.objects.order_by("pk").values())

    marias.post(
        f"/admin/lessons/user/{target.pk}/{page}/",
        {**newcomer(username=target.username, role="admin", is_superuser="on"), "post": "yes", "set-password": "1"},
    )

    assert list(User.objects.order_by("pk").values()) == before


def test_a_manager_adds_nobody(marias: Client) -> None:
    assert marias.post(add_page(User), newcomer(role="admin")).status_code == 403
    assert not User.objects.filter(username="dora").exists()


@pytest.mark.parametrize("action", ["deactivate", "delete_selected"])
def test_a_manager_has_no_actions(marias: Client, bob: User, action: str) -> None:
    marias.post(list_of(User), {"action": action, "_selected_action": bob.pk, "post": "yes"})

    assert User.objects.get(pk=bob.pk).is_active


def test_a_manager_is_not_shown_the_password(marias: Client, bob: User) -> None:
    page = marias.get(page_of(bob)).content.decode()

    assert "Bob" in page
    assert "password" not in page.replace("Change password", "").replace("password_change", "")


def test_an_administrator_deactivates_all_but_themselves(roots: Client, root: User, alice: User, bob: User) -> None:
    roots.post(list_of(User), {"action": "deactivate", "_selected_action": [alice.pk, bob.pk, root.pk]})

    assert set(User.objects.filter(is_active=False)) == {alice, bob}
    assert log_of(root) == ["deactivated", "deactivated"]


def test_not_even_an_administrator_deletes_somebody(roots: Client, bob: User) -> None:
    deleted = roots.post(f"/admin/lessons/user/{bob.pk}/delete/", {"post": "yes"})
    roots.post(list_of(User), {"action": "delete_selected", "_selected_action": bob.pk, "post": "yes"})

    assert deleted.status_code == 403
    assert User.objects.filter(pk=bob.pk).exists()


def test_an_administrator_sets_a_new_password(roots: Client, bob: User) -> None:
    secret = "another-horse-8"

    roots.post(
        f"/admin/lessons/user/{bob.pk}/password/",
        {"usable_password": "true", "password1": secret, "password2": secret, "set-password": "1"},
    )

    assert User.objects.get(pk=bob.pk).check_password(secret)
