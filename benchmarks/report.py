"""The table of promises: on the terminal, as results.json, and in docs/performance.md."""

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Figure, Row
from lessons.tests.trials import markdown_table, put_between_markers, versions

RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("Django", "celery", "kombu", "redis", "psycopg2-binary", "gunicorn")
SMALL = 10


def print_table(console: Console, rows: Sequence[Row], *, seconds: float) -> None:
    table = Table("", "measure", "value", "spread", "promised", "what was measured (median, spread)", "", box=None)
    for row in rows:
        color = "green" if row.passed else "red"
        table.add_row(*_cells(row), f"[bold {color}]{_word(row)}[/]")
    console.print(table)
    failed = [row.name for row in rows if not row.passed]
    ending = f"not kept: {', '.join(failed)}" if failed else "all kept"
    console.print(f"{len(rows)} rows in {seconds:.0f} s, {ending}", style="bold red" if failed else "bold green")


def write_json(rows: Sequence[Row], *, command: str, seconds: float) -> None:
    found = {
        "command": command,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "machine": _machine(),
        "rows": [_as_json(row) for row in rows],
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def write_table(path: str, rows: Sequence[Row], load: str, *, command: str, seconds: float) -> None:
    """Replaces what is between the markers of the file."""
    head = ["", "measure", "value", "spread", "promised", "what was measured (median, spread)", ""]
    rules = ["---", "---", "---:", "---:", "---:", "---", "---"]
    table = markdown_table(head, rules, ([*_cells(row), f"**{_word(row)}**"] for row in rows))
    made = f"`{command}`, {datetime.now(UTC).date().isoformat()}, {seconds / 60:.0f} minutes: {_machine()}."
    under_load = [f"Under load: {load}"] if load else []
    put_between_markers(path, "bench", "\n\n".join([made, table, *under_load]))


def _cells(row: Row) -> list[str]:
    sides = "; ".join(f"{name} {_told(figure)}" for name, figure in row.sides.items())
    sign = "≥" if row.at_least else "≤"
    value, spread = f"{row.ratio.median:.2f}×", f"{row.ratio.low:.2f}–{row.ratio.high:.2f}"
    return [
        row.name,
        row.measure,
        value,
        spread,
        f"{sign} {row.threshold:g}×",
        f"{sides}{row.notes and f'; {row.notes}'}",
    ]


def _told(figure: Figure) -> str:
    low, high = _number(figure.low), _number(figure.high)
    spread = f" ({low}–{high})" if low != high else ""
    return f"{_number(figure.median)}{spread} {figure.unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= SMALL * SMALL else f"{value:.1f}" if value >= SMALL else f"{value:.2f}"


def _as_json(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "measure": row.measure,
        "value": round(row.ratio.median, 3),
        "threshold": row.threshold,
        "better": "more" if row.at_least else "less",
        "pass": row.passed,
        "spread": [round(row.ratio.low, 3), round(row.ratio.high, 3)],
        "sides": {
            name: {"median": figure.median, "unit": figure.unit, "rounds": list(figure.rounds)}
            for name, figure in row.sides.items()
        },
        "notes": row.notes,
    }


def _machine() -> str:
    memory = f"{psutil.virtual_memory().total / 2**30:.0f} GB"
    machine = f"{psutil.cpu_count()} cores, {memory}, {platform.system()}, Python {platform.python_version()}"
    return f"{machine}; {versions(PACKAGES)}"


def _word(row: Row) -> str:
    return "PASS" if row.passed else "FAIL"
