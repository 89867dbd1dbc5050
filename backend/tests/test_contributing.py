"""The recipes name files, tables and targets that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
ROOMS = ("lessons", "backend", "docker", "docs")
FILES = [file for room in ROOMS for file in (ROOT / room).rglob("*.*")] + list(ROOT.iterdir())
INVENTED = {"lessons/notifications/channels/pigeon.py", "deliver.pigeon"}


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`([\w./]+\.(?:py|yml|md|toml|template))`", TEXT)) - INVENTED

    assert len(named) > 30
    assert [name for name in sorted(named) if not any(f"/{file}".endswith(f"/{name}") for file in FILES)] == []


def test_every_table_and_function_that_is_named_is_in_the_code() -> None:
    code = "\n".join(file.read_text() for room in ("lessons", "backend") for file in (ROOT / room).rglob("*.py"))
    named = set(re.findall(r"`([A-Z_]{4,}|\w+\(\))`", TEXT))

    assert len(named) > 20
    assert [name for name in sorted(named) if not re.search(rf"\b{re.escape(name.removesuffix('()'))}\b", code)] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {word for words in re.findall(r"`make ([a-z -]+)`", TEXT) for word in words.split()} <= targets
