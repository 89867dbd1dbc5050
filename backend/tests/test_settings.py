"""Settings: a bad one stops the start by name, production has no insecure default, the template lists them all."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend import settings as running
from backend.environment import WHERE_FROM, SettingRefused
from lessons.notifications.channels import REGISTRY

SETTINGS = str(running.BASE_DIR / "backend" / "settings.py")
TEMPLATE = running.BASE_DIR / ".env.template"
NAMES = running.env.names | running._first.names
RANDOM_KEY = "q8Zx" * 13
DEVELOPMENT = {
    "ENVIRONMENT": "development",
    "SECRET_KEY": "for tests",
    "DATABASE_URL": "postgres://lessons:hunter2@postgres:5432/lessons",
    "REDIS_URL": "redis://redis:6379/0",
}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "SECRET_KEY": RANDOM_KEY,
    "ALLOWED_HOSTS": "school.example",
    "REDIS_URL": "redis://:hunter2@redis:6379/0",
    "FLOWER_BASIC_AUTH": "flower:hunter2",
    "EMAIL_URL": "smtp+tls://lessons:hunter2@mail.school.example:587",
    "SMS_GATEWAY_URL": "https://sms.example",
    "SMS_GATEWAY_TOKEN": "token",
}


def environment(directory: Path, given: dict[str, str]) -> dict[str, str]:
    """Every setting that is not given is empty, so that no file of the machine's can fill it."""
    return {**dict.fromkeys(NAMES, ""), "DEMO_DIR": str(directory), "PATH": os.environ["PATH"], **given}


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the settings module in an environment of its own."""

    def run(given: dict[str, str], **more: str) -> dict[str, Any]:
        for name, value in environment(tmp_path, {**given, **more}).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(SETTINGS)

    return run


# --- How the start is stopped ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [["manage.py", "check"], ["-m", "celery", "-A", "backend", "report"], ["-c", "import backend.wsgi"]],
    ids=["manage.py", "celery", "wsgi"],
)
@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("SECRET_KEY", "", f"SECRET_KEY is not set: it should be fifty random characters ({WHERE_FROM})"),
        ("DEBUG", "maybe", "DEBUG is 'maybe': it should be true or false"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line(
    command: list[str], name: str, value: str, line: str, tmp_path: Path
) -> None:
    stopped = subprocess.run(
        [sys.executable, *command],
        cwd=running.BASE_DIR,
        env=environment(tmp_path, {**DEVELOPMENT, name: value}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (1, "", f"{line}\n")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_what_has_no_default_is_needed(name: str, read: Any) -> None:
    with pytest.raises(SettingRefused, match=f"^{name} is not set"):
        read(DEVELOPMENT, **{name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("DEBUG", "maybe"),
        ("DATABASE_URL", "mysql://lessons:hunter2@db/lessons"),
        ("REDIS_URL", "hunter2@redis"),
        ("CACHE_URL", "memcached://hunter2"),
        ("CELERY_BROKER_URL", "sqs://hunter2"),
        ("CELERY_RESULT_BACKEND", "amqp://hunter2"),
        ("SMS_GATEWAY_URL", "ftp://hunter2"),
        ("EMAIL_URL", "imap://hunter2"),
        ("DEFAULT_FROM_EMAIL", "the school"),
        ("SENTRY_DSN", "hunter2"),
        ("NOTIFICATION_CHANNELS", "log,drums"),
        ("LANGUAGE_CODE", "de"),
        ("TIME_ZONE", "Moscow"),
        ("API_DOCS_PUBLIC", "perhaps"),
        ("LESSON_START_WINDOW_MINUTES", "-1"),
        ("REMINDER_OFFSETS", "1 day"),
        ("OVERDUE_AFTER_MINUTES", "-1"),
        ("RETENTION_DAYS", "0"),
        ("RETENTION_DEAD_DAYS", "for ever"),
        ("RETENTION_RUN_DAYS", "0"),
        ("TIME_SCALE", "0"),
        ("TIME_SCALE", "2"),
        ("SENTRY_TRACES_SAMPLE_RATE", "1.5"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,everybody"),
    ],
)
def test_a_malformed_value_is_refused_by_name_and_no_secret_is_repeated(name: str, value: str, read: Any) -> None:
    with pytest.raises(SettingRefused) as refused:
        read(DEVELOPMENT, **{name: value})

    assert refused.value.name == name
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


# --- Production -----------------------------------------------------------------------------------


def test_production_starts_with_what_it_needs(read: Any) -> None:
    settings = read(PRODUCTION)

    assert (settings["DEBUG"], settings["ALLOWED_HOSTS"], settings["TIME_SCALE"]) == (False, ["school.example"], 1)
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_COOKIE_SECURE"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", running.TEMPLATE_SECRET_KEY),
        ("SECRET_KEY", RANDOM_KEY[:49]),
        ("DEBUG", "true"),
        ("TIME_SCALE", "0.5"),
        ("ALLOWED_HOSTS", ""),
        ("EMAIL_URL", ""),
        ("SMS_GATEWAY_TOKEN", ""),
        ("FLOWER_BASIC_AUTH", ""),
        ("FLOWER_BASIC_AUTH", "flower"),
        ("REDIS_URL", "redis://redis:6379/0"),
        ("REDIS_URL", "redis://:lessons@redis:6379/0"),
        ("DATABASE_URL", "postgres://lessons@postgres:5432/lessons"),
        ("DATABASE_URL", "postgres://lessons:lessons@postgres:5432/lessons"),
        ("CACHE_URL", "redis://cache:6379/0"),
        ("CELERY_BROKER_URL", "amqp://lessons:lessons@rabbitmq:5672//"),
        ("CELERY_BROKER_URL", "amqp://rabbitmq:5672//"),
        ("CELERY_RESULT_BACKEND", "redis://:lessons@results:6379/0"),
        ("EMAIL_URL", "smtp://gateway:8026"),
        ("SMS_GATEWAY_URL", "http://gateway:8025"),
    ],
)
def test_production_refuses_what_is_insecure(name: str, value: str, read: Any) -> None:
    with pytest.raises(SettingRefused) as refused:
        read(PRODUCTION, **{name: value})

    assert refused.value.name == name
    assert not value or name != "SECRET_KEY" or value not in str(refused.value)


def test_production_without_a_channel_needs_not_what_it_takes(read: Any) -> None:
    settings = read(PRODUCTION, EMAIL_URL="", SMS_GATEWAY_TOKEN="", NOTIFICATION_CHANNELS="log")

    assert settings["NOTIFICATION_CHANNELS"] == ["log"]


def test_nothing_is_in_debug_unless_asked_for(read: Any) -> None:
    assert read(DEVELOPMENT)["DEBUG"] is False


# --- What follows from what -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("redis_url", "for_celery"),
    [
        ("redis://redis:6379/0", "redis://redis:6379/0"),
        ("rediss://:hunter2@redis:6379/0", "rediss://:hunter2@redis:6379/0"),
        ("unix:///run/valkey.sock?db=1", "redis+socket:///run/valkey.sock?virtual_host=1"),
    ],
)
def test_broker_results_and_cache_follow_redis(redis_url: str, for_celery: str, read: Any) -> None:
    settings = read(DEVELOPMENT, REDIS_URL=redis_url)

    assert settings["CELERY_BROKER_URL"] == settings["CELERY_RESULT_BACKEND"] == for_celery
    assert settings["CACHES"]["default"]["LOCATION"] == redis_url


def test_all_registered_channels_are_in_use_unless_some_are_named(read: Any) -> None:
    assert read(DEVELOPMENT)["NOTIFICATION_CHANNELS"] == list(REGISTRY) == ["log", "email", "sms"]
    assert read(DEVELOPMENT, NOTIFICATION_CHANNELS="sms,log")["NOTIFICATION_CHANNELS"] == ["sms", "log"]


def test_an_e_mail_waits_for_the_server_no_longer_than_any_message_for_its_provider(read: Any) -> None:
    settings = read(DEVELOPMENT, EMAIL_URL="smtp+ssl://lessons:hunter2@mail.school.example", TIME_SCALE="0.5")

    assert settings["EMAIL_TIMEOUT"] == settings["TIMING"].provider_timeout == 5
    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"]) == ("mail.school.example", 465)
    assert (settings["EMAIL_HOST_USER"], settings["EMAIL_HOST_PASSWORD"]) == ("lessons", "hunter2")
    assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (False, True)


def test_the_broker_may_be_another(read: Any) -> None:
    settings = read(DEVELOPMENT, CELERY_BROKER_URL="amqp://rabbit//")

    assert (settings["CELERY_BROKER_URL"], settings["CELERY_RESULT_BACKEND"]) == (
        "amqp://rabbit//",
        "redis://redis:6379/0",
    )


def test_the_file_of_the_running_services_completes_the_environment(
    tmp_path: Path, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services.env").write_text("TIME_ZONE=Europe/Moscow\nLANGUAGE_CODE=ru\n")
    read(DEVELOPMENT, LANGUAGE_CODE="en")
    monkeypatch.delenv("TIME_ZONE")

    settings = runpy.run_path(SETTINGS)

    assert (settings["TIME_ZONE"], settings["LANGUAGE_CODE"]) == ("Europe/Moscow", "en")


# --- The template ---------------------------------------------------------------------------------


def template() -> dict[str, list[str]]:
    """Each variable of the template with the comment lines right above it; one may be commented out itself."""
    comments: list[str] = []
    described = {}
    for line in TEMPLATE.read_text().splitlines():
        if variable := re.match(r"(?:# )?([A-Z_]+)=", line):
            described[variable[1]], comments = comments, []
        else:
            comments = [*comments, line] if line.startswith("# ") else []
    return described


def compose_variables() -> set[str]:
    """What the compose files take from the environment."""
    files = running.BASE_DIR.glob("docker-compose*.yml")
    return {name for file in files for name in re.findall(r"(?<!\$)\$\{([A-Z_]+)", file.read_text())}


def test_the_template_lists_every_setting_and_nothing_else() -> None:
    of_builds = {"REVISION"}

    assert set(template()) == NAMES | compose_variables() - of_builds


def test_the_template_turns_every_channel_on() -> None:
    assert f"\nNOTIFICATION_CHANNELS={','.join(REGISTRY)}\n" in TEMPLATE.read_text()


def test_the_template_explains_every_setting() -> None:
    assert [name for name, comments in template().items() if not comments] == []


def test_the_template_is_right_for_development_and_refused_in_production(read: Any) -> None:
    lines = [line.split("=", 1) for line in TEMPLATE.read_text().splitlines() if re.match(r"[A-Z_]+=", line)]
    values = dict(lines)

    settings = read(values)

    assert settings["SECRET_KEY"] == running.TEMPLATE_SECRET_KEY
    assert settings["DATABASES"]["default"]["HOST"] == "postgres"
    with pytest.raises(SettingRefused, match=r"^SECRET_KEY"):
        read(values, ENVIRONMENT="production")
