"""The table of verdicts: on the terminal, and in docs/reliability.md."""

import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console

from lessons.tests.drills.verdict import Verdict

HEADER = f"{'drill':<6}{'transitions':>12}{'sends':>8}{'lost':>6}{'doubled':>9}{'recovered':>11}  what was done"
PACKAGES = ("Django", "celery", "kombu", "redis", "psycopg2-binary")
MARKED = re.compile(r"(?<=<!-- drills -->\n).*?(?=<!-- /drills -->)", re.DOTALL)


def print_verdict(console: Console, verdict: Verdict) -> None:
    color = "green" if verdict.passed else "red"
    numbers = (
        f"{verdict.transitions:>12}{verdict.sends:>8}{verdict.lost:>6}{verdict.doubled:>9}{_recovered(verdict):>11}"
    )
    console.print(f"{verdict.name:<6}{numbers}  {verdict.what}  [bold {color}]{_word(verdict)}[/]")
    for problem in verdict.problems:
        console.print(f"        {problem}", markup=False, style="red")


def print_summary(console: Console, number: int, failed: Sequence[str], seconds: float) -> None:
    ending = f"failed: {', '.join(failed)}" if failed else "all passed"
    console.print(f"{number} drills in {seconds:.0f} s, {ending}", style="bold red" if failed else "bold green")


def write_table(path: str, verdicts: Sequence[Verdict], *, command: str) -> None:
    """Replaces what is between the markers of the file."""
    file = Path(path)
    text = file.read_text()
    assert MARKED.search(text), f"{path} has no <!-- drills --> … <!-- /drills -->"
    file.write_text(MARKED.sub(lambda _: _markdown(verdicts, command), text))


def _markdown(verdicts: Sequence[Verdict], command: str) -> str:
    head = ["drill", "what was done", "transitions", "sends", "lost", "doubled", "recovered", ""]
    rows = [
        [v.name, v.what, v.transitions, v.sends, v.lost, v.doubled, _recovered(v), f"**{_word(v)}**"] for v in verdicts
    ]
    lines = [head, ["---", "---", *["---:"] * 5, "---"], *rows]
    table = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    made = datetime.now(UTC).date().isoformat()
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    machine = f"Python {platform.python_version()}, {psutil.cpu_count()} cores"
    return f"\n`{command}`, {made}: {versions}, {machine}.\n\n{table}\n\n"


def _recovered(verdict: Verdict) -> str:
    return "" if verdict.recovered_seconds is None else f"{verdict.recovered_seconds:.1f} s"


def _word(verdict: Verdict) -> str:
    return "PASS" if verdict.passed else "FAIL"
