"""The table of verdicts: on the terminal, and in docs/reliability.md."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime

import psutil
from rich.console import Console

from lessons.tests.drills.verdict import Verdict
from lessons.tests.trials import markdown_table, put_between_markers, versions

HEADER = f"{'drill':<6}{'transitions':>12}{'sends':>8}{'lost':>6}{'doubled':>9}{'recovered':>11}  what was done"
PACKAGES = ("Django", "celery", "kombu", "redis", "psycopg2-binary")


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
    head = ["drill", "what was done", "transitions", "sends", "lost", "doubled", "recovered", ""]
    rows = [
        [v.name, v.what, v.transitions, v.sends, v.lost, v.doubled, _recovered(v), f"**{_word(v)}**"] for v in verdicts
    ]
    made = f"`{command}`, {datetime.now(UTC).date().isoformat()}: {versions(PACKAGES)}"
    machine = f"Python {platform.python_version()}, {psutil.cpu_count()} cores"
    table = markdown_table(head, ["---", "---", *["---:"] * 5, "---"], rows)
    put_between_markers(path, "drills", f"{made}, {machine}.\n\n{table}")


def _recovered(verdict: Verdict) -> str:
    return "" if verdict.recovered_seconds is None else f"{verdict.recovered_seconds:.1f} s"


def _word(verdict: Verdict) -> str:
    return "PASS" if verdict.passed else "FAIL"
