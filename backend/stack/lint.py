"""Lint: every tool that judges the code, in an environment of its own, one line each."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from backend.stack.processes import PROJECT_ROOT

AT_ONCE = 2
NOT_LOOKED = "NOTHING WAS AUDITED"  # said by a check that could not do its work
MANAGE = (sys.executable, "-W", "ignore::RuntimeWarning", "manage.py")
# Nobody connects: the tools only want settings that load.
SETTINGS = {
    "ENVIRONMENT": "test",
    "DEBUG": "false",
    "TIME_SCALE": "1",
    "ALLOWED_HOSTS": "lessons.example",
    "DATABASE_URL": "postgres://lint@//nowhere/lint",
    "REDIS_URL": "unix:///nowhere/valkey.sock",
    "EMAIL_URL": "smtp://nowhere",
    "SMS_GATEWAY_TOKEN": "lint",
    "FLOWER_BASIC_AUTH": "lint:lint",
    "NO_COLOR": "1",
}
IN_PRODUCTION = {"ENVIRONMENT": "production"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """A tool's command line; `settings` go over those of all."""

    name: str
    arguments: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


CHECKS = (
    Check(name="ruff check", arguments=(_tool("ruff"), "check", ".")),
    Check(name="ruff format", arguments=(_tool("ruff"), "format", "--check", ".")),
    Check(name="mypy", arguments=(_tool("mypy"), ".")),
    Check(name="import contracts", arguments=(_tool("lint-imports"),)),
    Check(name="migrations", arguments=(*MANAGE, "makemigrations", "--check", "--dry-run")),
    Check(
        name="check --deploy",
        arguments=(*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
        settings=IN_PRODUCTION,
    ),
    Check(
        name="bandit",
        arguments=(
            *(_tool("bandit"), "--quiet", "--configfile", "pyproject.toml", "--recursive", "backend", "lessons"),
            *("--severity-level", "medium"),
        ),
    ),
    Check(name="advisories", arguments=(sys.executable, "-m", "backend.stack.advisories")),
)


def lint(console: Console, only: str | None = None) -> int:
    """Prints ok or FAILED for each check (or for the one named), with the output of the failed; 1 if one failed."""
    failed = 0
    checks = [check for check in CHECKS if only in (None, check.name)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for check, result in zip(checks, pool.map(_run, checks), strict=True):
            failed += result.returncode != 0
            _report(console, check, result)
    return 1 if failed else 0


def _run(check: Check) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the table's command lines
        check.arguments,
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "SECRET_KEY": secrets.token_urlsafe(50),
            **SETTINGS,
            **check.settings,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _report(console: Console, check: Check, result: subprocess.CompletedProcess[str]) -> None:
    verdict = "[red]FAILED[/]" if result.returncode else "[green]ok[/]"
    console.print(f"{check.name:<17} {verdict}", highlight=False)
    if result.returncode or NOT_LOOKED in result.stdout:
        console.print(result.stdout, markup=False, highlight=False, soft_wrap=True)
