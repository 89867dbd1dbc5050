"""Who I am, and what I may change about myself."""

from typing import Any

import pytest

from lessons.models import User
from lessons.tests.api.client import api, problem

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"
READ_ONLY = {"id": 7, "username": "eve", "role": "admin", "calendar_url": "https://school.example/me.ics"}
SECRET = [
    "password",
    "is_staff",
    "is_superuser",
    "is_active",
    "muted_channels",
    "calendar_generation",
    "groups",
    "user_permissions",
]


def test_i_read_my_profile(carol: User) -> None:
    me = api(carol).get(ME).json()

    assert me == {
        "id": carol.pk,
        "username": "carol",
        "role": "student",
        "full_name": "Carol",
        "email": "carol@school.example",
        "phone": carol.phone,
        "language": "ru",
        "time_zone": "Europe/Moscow",
        "photo": None,
        "channels": ["log", "email", "sms"],
        "calendar_url": me["calendar_url"],
    }
    assert me["calendar_url"].startswith(f"http://testserver/api/v1/calendar/{carol.pk}-0.")


@pytest.mark.parametrize("who", ["bob", "alice", "maria", "root"])
def test_everybody_changes_their_own_profile(who: str, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(who)
    changes = {
        "full_name": "Новое Имя",
        "email": "new@school.example",
        "phone": "+79001112233",
        "language": "ru",
        "time_zone": "Asia/Tokyo",
        "channels": ["log", "email"],
    }

    response = api(person).patch(ME, changes)

    assert response.status_code == 200
    assert response.json() == {**api(person).get(ME).json(), **changes}
    person.refresh_from_db()
    assert (person.full_name, person.phone, person.muted_channels) == ("Новое Имя", "+79001112233", ["sms"])


def test_what_is_left_out_stays(bob: User) -> None:
    before = api(bob).get(ME).json()

    assert api(bob).patch(ME, {}).json() == before
    assert api(bob).patch(ME, {"language": "ru"}).json() == {**before, "language": "ru"}


@pytest.mark.parametrize("field", ["full_name", "email", "phone"])
def test_what_may_be_empty(field: str, bob: User) -> None:
    assert api(bob).patch(ME, {field: ""}).json()[field] == ""


def test_a_channel_that_is_switched_off_for_now_stays_muted(bob: User, settings: Any) -> None:
    api(bob).patch(ME, {"channels": ["log"]})
    settings.NOTIFICATION_CHANNELS = ["log"]

    assert api(bob).patch(ME, {"channels": ["log"]}).json()["channels"] == ["log"]

    settings.NOTIFICATION_CHANNELS = ["log", "sms"]
    assert api(bob).get(ME).json()["channels"] == ["log"]


@pytest.mark.parametrize("field", [*READ_ONLY, *SECRET, "calendar_generation"])
def test_what_cannot_be_set_is_refused_by_name(field: str, bob: User) -> None:
    before = User.objects.filter(pk=bob.pk).values().get()

    response = api(bob).patch(ME, {"full_name": "Eve", field: READ_ONLY.get(field, True)})

    assert problem(response, 400, "invalid", field)["errors"][0]["code"] == (
        "read_only" if field in READ_ONLY else "unknown"
    )
    assert User.objects.filter(pk=bob.pk).values().get() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("full_name", value) for value in [5, None, True, "a" * 151, "a\x00b"]],
        *[("email", value) for value in [5, None, "bob", "bob@", "a\x00@b.example", "a" * 250 + "@b.example"]],
        *[("phone", value) for value in [79001112233, None, "89001112233", "+7 900 111-22-33", "+7", "+" + "1" * 16]],
        *[("language", value) for value in [1, None, "", "de", "en-gb", ["ru"], {"ru": 1}, 1e308]],
        *[("time_zone", value) for value in [3, None, "", "Moscow", "+03:00", "../../etc/passwd", "a\x00b"]],
        *[("photo", value) for value in ["", "a.jpg", "https://school.example/a.jpg", True, {}, []]],
        *[("channels", value) for value in ["log", None, {"log": True}, True]],
        *[("channels.0", value) for value in [["fax"], [1], [None], [["log"]], [""]]],
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_value_that_cannot_be_is_refused_by_name(field: str, value: Any, bob: User) -> None:
    problem(api(bob).patch(ME, {field.partition(".")[0]: value}), 400, "invalid", field)


@pytest.mark.parametrize("field", ["full_name", "email", "phone", "language", "time_zone", "channels.0"])
def test_half_a_surrogate_pair_is_refused_by_name(field: str, bob: User) -> None:
    """JSON can say it, UTF-8 cannot: neither a row nor an answer may repeat it."""
    value = '["\\ud800"]' if field == "channels.0" else '"\\ud800"'
    body = f'{{"{field.partition(".")[0]}": {value}}}'.encode()

    problem(api(bob).patch(ME, body, content_type="application/json"), 400, "invalid", field)


@pytest.mark.parametrize("verb", ["put", "post", "delete"])
def test_a_profile_is_only_read_and_changed(verb: str, bob: User) -> None:
    problem(getattr(api(bob), verb)(ME, {}), 405, "method_not_allowed", None)
