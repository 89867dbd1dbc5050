"""The compose files as Docker Compose reads them: merged, with `!reset` and `!override`, variables filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
QUICK_START = ("docker-compose.yml",)
PRODUCTION = ("docker-compose.yml", "docker-compose.prod.yml")
BY_NAME = {"ports", "volumes", "tmpfs"}  # lists that grow where files are merged; volumes by where they are mounted
# ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?what it should be}
VARIABLE = re.compile(r"\$(?:\$|\{([A-Z_]+)(?:(:?[-?])([^}]*))?\})")


class VariableMissing(Exception):
    """A variable without which Compose refuses to start."""


@dataclass(frozen=True)
class Reset:
    """`!reset`: what the files before said is dropped."""


@dataclass(frozen=True)
class Override:
    """`!override`: this replaces what the files before said."""

    value: Any


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!reset", lambda _loader, _node: Reset())
Loader.add_constructor("!override", lambda loader, node: Override(_plain(loader, node)))


def _plain(loader: Any, node: Any) -> Any:
    kinds = {yaml.MappingNode: loader.construct_mapping, yaml.SequenceNode: loader.construct_sequence}
    return kinds[type(node)](node, deep=True)


def load(files: tuple[str, ...], variables: Mapping[str, str]) -> dict[str, Any]:
    """The project that Compose makes of `files`, with `variables` for the shell's and .env's."""
    project: dict[str, Any] = {}
    for file in files:
        project = _merge(project, yaml.load((ROOT / file).read_text(), Loader))
    shown = {key: value for key, value in project.items() if not key.startswith("x-")}
    filled: dict[str, Any] = _fill(_settled(shown), variables)
    return filled


def _merge(below: Any, above: Any, name: str = "") -> Any:
    if isinstance(above, Override):
        return above.value
    if isinstance(below, dict) and isinstance(above, dict):
        merged = {**below, **{key: _merge(below.get(key), value, key) for key, value in above.items()}}
        return {key: value for key, value in merged.items() if not isinstance(value, Reset)}
    if name in BY_NAME and isinstance(below, list):
        places = {_place(item) for item in above}
        return [*(item for item in below if name != "volumes" or _place(item) not in places), *above]
    return above


def _place(item: str) -> str:
    """Where a volume is mounted: `source:/place:ro`."""
    return re.sub(r"\$\{[^}]*\}", "variable", item).split(":")[1]


def _settled(value: Any) -> Any:
    """Without the tags that met nothing to reset or override."""
    if isinstance(value, Override):
        return value.value
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if not isinstance(item, Reset)}
    return value


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, variables) for item in value]
    return VARIABLE.sub(lambda match: _variable(match, variables), value) if isinstance(value, str) else value


def _variable(match: re.Match[str], variables: Mapping[str, str]) -> str:
    name, rule, text = match.groups()
    if name is None:
        return "$"
    value = variables.get(name)
    is_there = value if rule and rule.startswith(":") else value is not None
    if is_there:
        return str(value)
    if rule and rule.endswith("?"):
        raise VariableMissing(f"{name} {text}")
    return text or ""
