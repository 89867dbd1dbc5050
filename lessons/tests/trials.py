"""What `make drills` and `make bench` have in common: which of them, at which scale, and a table in a document."""

import argparse
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Scale:
    """Quick, as in CI; or full, as in the documents."""

    is_full: bool

    def of(self, quick: Value, full: Value) -> Value:
        return full if self.is_full else quick


class Trials:
    """A make target that runs some of many: `make TARGET VARIABLE="NAME NAME" SCALE=full`."""

    def __init__(self, target: str, variable: str, names: Collection[str], description: str) -> None:
        self.target, self.variable, self.names = target, variable, names
        self.parser = argparse.ArgumentParser(prog=f"make {target}", description=description)
        self.parser.add_argument("chosen", nargs="*", metavar="NAME", help=f"which of {', '.join(names)} (all)")
        self.parser.add_argument("--scale", choices=["quick", "full"], default="quick")
        self.parser.add_argument("--report", metavar="FILE", help="put the table into this Markdown file")

    def options(self) -> argparse.Namespace:
        """Those of the command line; where none is chosen, all are."""
        options = self.parser.parse_args()
        if unknown := [name for name in options.chosen if name not in self.names]:
            self.parser.error(f"there is no {', '.join(unknown)}: there are {', '.join(self.names)}")
        options.command = self._command(options)
        options.chosen = options.chosen or list(self.names)
        return options

    def _command(self, options: argparse.Namespace) -> str:
        chosen = f' {self.variable}="{" ".join(options.chosen)}"' if options.chosen else ""
        return f"make {self.target}{chosen}{' SCALE=full' if options.scale == 'full' else ''}"


def put_between_markers(path: str, name: str, text: str) -> None:
    """Replaces what stands between <!-- name --> and <!-- /name --> in the document."""
    document = Path(path)
    place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    written, places = place.subn(lambda _: f"\n{text}\n\n", document.read_text())
    if not places:
        raise SystemExit(f"{name}: {path} has no <!-- {name} --> … <!-- /{name} -->")
    document.write_text(written)


def markdown_table(head: Sequence[str], rules: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [head, rules, *rows])


def versions(packages: Iterable[str]) -> str:
    return ", ".join(f"{name} {version(name)}" for name in packages)
