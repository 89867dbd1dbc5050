"""Reading one variable: what is understood, what is refused, and that the refusal says how it should be."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from backend.environment import Environment, SettingRefused

NAME = "SOME_SETTING"
env = Environment()

READ: dict[str, Callable[[], object]] = {
    "flag": lambda: env.flag(NAME, False),
    "number": lambda: env.number(NAME, 7, 0.5, 10),
    "words": lambda: env.words(NAME, ["log"], allowed=["log", "sms"]),
    "hosts": lambda: env.words(NAME),
    "choice": lambda: env.choice(NAME, "en", ["en", "ru"]),
    "zone": lambda: env.zone(NAME, "UTC"),
    "url": lambda: env.url(NAME, "", ["redis", "unix"]),
    "needed_url": lambda: env.url(NAME, None, ["redis", "unix"]),
    "needed_text": lambda: env.text(NAME, hint="a long word"),
    "spans": lambda: env.spans(NAME, [timedelta(hours=1)]),
    "database": lambda: env.database(NAME)["NAME"],
    "email": lambda: tuple(env.email(NAME, "smtp://localhost:8026").values()),
    "sender": lambda: env.sender(NAME, "lessons@school.example"),
}


@pytest.mark.parametrize(
    ("read", "value", "understood"),
    [
        *(("flag", value, True) for value in ("true", "True", "1", "yes", "ON", " true ")),
        *(("flag", value, False) for value in ("false", "FALSE", "0", "no", "off")),
        ("number", "0.5", 0.5),
        ("number", "10", 10),
        ("words", "sms", ["sms"]),
        ("words", " log , sms ,", ["log", "sms"]),
        ("hosts", "a.example,b.example", ["a.example", "b.example"]),
        ("choice", "ru", "ru"),
        ("zone", "Europe/Moscow", "Europe/Moscow"),
        ("url", "redis://:secret@host:6379/1", "redis://:secret@host:6379/1"),
        ("url", "unix:///run/valkey.sock?db=1", "unix:///run/valkey.sock?db=1"),
        ("spans", "30m", [timedelta(minutes=30)]),
        ("spans", " 1h, 2d ,24h,", [timedelta(days=2), timedelta(days=1), timedelta(hours=1)]),
        ("spans", "24h,1d,1440m", [timedelta(days=1)]),
        ("spans", "none", []),
        ("database", "postgres://user:secret@host:5432/lessons", "lessons"),
        ("database", "postgresql://host/lessons", "lessons"),
        ("needed_text", "abc", "abc"),
        ("email", "smtp://host", ("host", 25, "", "", False, False)),
        ("email", "smtp://host:8026", ("host", 8026, "", "", False, False)),
        ("email", "smtp+tls://user%40a.example:p%2Fw@host", ("host", 587, "user@a.example", "p/w", True, False)),
        ("email", "smtp+ssl://user:secret@host:4650", ("host", 4650, "user", "secret", False, True)),
        ("sender", "bob@school.example", "bob@school.example"),
        ("sender", "The school <bob@school.example>", "The school <bob@school.example>"),
    ],
)
def test_a_value_is_understood(read: str, value: str, understood: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, value)

    assert READ[read]() == understood


@pytest.mark.parametrize(
    ("read", "value", "hint"),
    [
        ("flag", "maybe", "'maybe': it should be true or false"),
        ("flag", "2", "true or false"),
        *(("number", value, "a number from 0.5 to 10") for value in ("0.4", "10.1", "many", "nan", "inf", "1,5")),
        ("words", "log,drums", "log, sms"),
        ("choice", "de", "one of en, ru"),
        ("choice", "EN", "one of en, ru"),
        ("zone", "Moscow", "a time zone like Europe/Moscow"),
        ("zone", "../../etc/passwd", "a time zone like Europe/Moscow"),
        *(
            ("url", value, "redis://, unix://")
            for value in ("localhost:6379", "http://host", "redis:host", "redis://", "[")
        ),
        *(
            ("spans", value, "none, or a comma-separated list of spans like 30m, 24h, 2d")
            for value in ("24", "1w", "h", "-1h", "0m", "1.5h", "12345m", "24h;1h", "24h,none", "٢h")
        ),
        *(("database", value, "postgres") for value in ("mysql://host/lessons", "lessons", "postgres://host")),
        ("database", "postgres://host:port/lessons", "postgres://user:password@host:port/name"),
        *(("email", value, "smtp://, smtp+tls://, smtp+ssl://") for value in ("imap://host", "host:25", "smtp://")),
        *(("email", value, "smtp://user:password@host:port") for value in ("smtp://host:port", "smtp://user:pw@")),
        *(
            ("sender", value, "School <lessons@school.example>")
            for value in ("bob", "Bob <bob@>", "bob@школа.example", "a@b.example\nX: y")
        ),
    ],
)
def test_another_value_is_refused_by_name_in_one_line(
    read: str, value: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingRefused) as refused:
        READ[read]()

    assert refused.value.name == NAME
    assert str(refused.value).startswith(f"{NAME} ")
    assert hint in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("nothing", [None, "", "  "])
@pytest.mark.parametrize(
    ("read", "default"),
    [
        ("flag", False),
        ("number", 7),
        ("words", ["log"]),
        ("hosts", []),
        ("choice", "en"),
        ("zone", "UTC"),
        ("url", ""),
        ("spans", [timedelta(hours=1)]),
    ],
)
def test_an_empty_value_counts_as_not_set(
    read: str, default: object, nothing: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if nothing is not None:
        monkeypatch.setenv(NAME, nothing)

    assert READ[read]() == default


@pytest.mark.parametrize(
    ("read", "hint"), [("needed_text", "a long word"), ("needed_url", "redis://"), ("database", "postgres://")]
)
def test_what_is_needed_is_refused_when_it_is_missing(read: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)

    with pytest.raises(SettingRefused, match=f"^{NAME} is not set: .*{hint}.*env.template; .*`make services`"):
        READ[read]()


@pytest.mark.parametrize("read", ["url", "database", "email"])
@pytest.mark.parametrize(
    "value",
    ["mysql://user:secret@host/lessons", "postgres://user:secret@host:port", "smtp://user:secret@host:port", "secret"],
)
def test_an_address_is_never_repeated_because_it_may_hold_a_password(
    read: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingRefused) as refused:
        READ[read]()

    assert "secret" not in str(refused.value)


def test_the_environment_wins_over_the_files_and_an_earlier_file_over_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("IN_ALL", "IN_FILES", "IN_LAST"):
        monkeypatch.setenv(name, "")  # so that monkeypatch takes away what the files set
        monkeypatch.delenv(name)
    monkeypatch.setenv("IN_ALL", "environment")
    first, last = tmp_path / "services.env", tmp_path / ".env"
    first.write_text("IN_ALL=first\nIN_FILES=first\n")
    last.write_text("IN_ALL=last\nIN_FILES=last\nIN_LAST=last\n")

    from_files = Environment([first, tmp_path / "missing.env", last])

    assert [from_files.text(name) for name in ("IN_ALL", "IN_FILES", "IN_LAST")] == ["environment", "first", "last"]


def test_every_name_that_was_asked_for_is_remembered() -> None:
    asked = Environment()
    asked.flag("A", False)
    asked.zone("B", "UTC")
    asked.words("C")

    assert asked.names == {"A", "B", "C"}
