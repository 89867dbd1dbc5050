"""Reading settings from the environment, failing loudly and by name."""

import ipaddress
import os
import re
import zoneinfo
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import environ

T = TypeVar("T")
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
SPAN_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
WHERE_FROM = "see .env.template; on your own machine `make services` provides it"
SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}  # in the clear, STARTTLS, TLS from the start


class SettingRefused(SystemExit):
    """A missing or malformed setting. Ends the process with one line on stderr, no traceback."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


class Environment:
    """The process environment, completed by files of `KEY=value` lines.

    A variable that is set wins over the files, an earlier file over a later one. Every name that
    is asked for is kept in `names`, so that a test can compare them with `.env.template`.
    """

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self.names: set[str] = set()
        for file in files:
            if file.is_file():
                environ.Env.read_env(file)

    def text(self, name: str, default: str | None = None, hint: str = "") -> str:
        """The value of `name`; `default=None` means that it has to be set."""
        self.names.add(name)
        value = os.environ.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise SettingRefused(name, f"is not set: it should be {hint or 'given'} ({WHERE_FROM})")
        return default

    def _parsed(self, name: str, default: T, parse: Callable[[str], T], hint: str) -> T:
        value = self.text(name, "")
        if not value:
            return default
        try:
            return parse(value)
        except (ValueError, KeyError):
            raise SettingRefused(name, f"is {value!r}: it should be {hint}") from None

    def flag(self, name: str, default: bool) -> bool:
        def parse(value: str) -> bool:
            if value.lower() not in TRUE | FALSE:
                raise ValueError
            return value.lower() in TRUE

        return self._parsed(name, default, parse, "true or false")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        def parse(value: str) -> float:
            if not low <= float(value) <= high:
                raise ValueError
            return float(value)

        return self._parsed(name, default, parse, f"a number from {low:g} to {high:g}")

    def words(self, name: str, default: Sequence[str] = (), allowed: Sequence[str] = ()) -> list[str]:
        """A comma-separated list; each of its words one of `allowed`, where that is given."""

        def parse(value: str) -> list[str]:
            words = [word.strip() for word in value.split(",") if word.strip()]
            if allowed and not set(words) <= set(allowed):
                raise ValueError
            return words

        hint = f"a comma-separated list of {', '.join(allowed) or 'words'}"
        return self._parsed(name, list(default), parse, hint)

    def spans(self, name: str, default: Sequence[timedelta]) -> list[timedelta]:
        """A comma-separated list of spans of time, or `none`; the longest first, each of them once."""

        def parse(value: str) -> list[timedelta]:
            words = [] if value == "none" else [word.strip() for word in value.split(",") if word.strip()]
            parts = [re.fullmatch("([1-9][0-9]{0,3})([mhd])", word) for word in words]
            if not all(parts):
                raise ValueError
            return sorted({int(part[1]) * SPAN_UNITS[part[2]] for part in parts if part}, reverse=True)

        return self._parsed(name, list(default), parse, "none, or a comma-separated list of spans like 30m, 24h, 2d")

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise SettingRefused(name, f"is {value!r}: it should be one of {', '.join(allowed)}")
        return value

    def networks(self, name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """A comma-separated list of networks, in CIDR notation."""

        def parse(value: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
            return [ipaddress.ip_network(word.strip()) for word in value.split(",") if word.strip()]

        return self._parsed(name, [], parse, "a comma-separated list of networks like 10.0.0.0/8")

    def server(self, name: str) -> tuple[str, str]:
        """The host in an address, and the password for it; "" each where there is none."""
        address = urlsplit(self.text(name, ""))
        return address.hostname or "", address.password or ""

    def zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value not in zoneinfo.available_timezones():
            raise SettingRefused(name, f"is {value!r}: it should be a time zone like Europe/Moscow")
        return value

    def url(self, name: str, default: str | None, schemes: Sequence[str]) -> str:
        """An address whose scheme is one of `schemes`. An error never repeats it: it may hold a password."""
        value = self.text(name, default, hint=f"an address like {schemes[0]}://…")
        try:
            scheme = urlsplit(value).scheme
        except ValueError:
            scheme = ""
        if value and (scheme not in schemes or not value.partition("://")[2]):
            raise SettingRefused(
                name, f"should be an address that begins with one of {', '.join(f'{s}://' for s in schemes)}"
            )
        return value

    def email(self, name: str, default: str) -> dict[str, object]:
        """Django's `EMAIL_*` settings of an SMTP server's address."""
        value = self.url(name, default, list(SMTP_PORTS))
        try:
            config = environ.Env.email_url_config(value)
        except ValueError:  # no number where the port should be
            config = {}
        if not config.get("EMAIL_HOST"):
            raise SettingRefused(name, "should be smtp://user:password@host:port, smtp+tls://… or smtp+ssl://…")
        return {
            "EMAIL_HOST": config["EMAIL_HOST"],
            "EMAIL_PORT": config["EMAIL_PORT"] or SMTP_PORTS[urlsplit(value).scheme],
            "EMAIL_HOST_USER": config["EMAIL_HOST_USER"] or "",
            "EMAIL_HOST_PASSWORD": config["EMAIL_HOST_PASSWORD"] or "",
            "EMAIL_USE_TLS": config.get("EMAIL_USE_TLS", False),
            "EMAIL_USE_SSL": config.get("EMAIL_USE_SSL", False),
        }

    def sender(self, name: str, default: str) -> str:
        """Whom e-mails come from: an address, with or without a name."""
        value = self.text(name, default)
        address = parseaddr(value)[1]
        if not (address.isascii() and address.partition("@")[2] and value.isprintable()):
            raise SettingRefused(name, f"is {value!r}: it should be like School <lessons@school.example>")
        return value

    def database(self, name: str) -> dict[str, object]:
        """Django's `DATABASES` entry of a PostgreSQL address."""
        value = self.url(name, None, ["postgres", "postgresql"])
        try:
            config = dict(environ.Env.db_url_config(value))
        except (ValueError, environ.ImproperlyConfigured):
            config = {}
        if not config.get("NAME"):
            raise SettingRefused(name, "should be postgres://user:password@host:port/name")
        return config
