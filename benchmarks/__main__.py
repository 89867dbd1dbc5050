"""`make bench`: one line per promise, ending in PASS or FAIL; exit code 1 if any is not kept."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console

from backend.stack.errors import StackError
from benchmarks import picture, report
from benchmarks.measure import Row
from benchmarks.promises import PROMISES
from benchmarks.rig import Rig
from lessons.tests.trials import Scale, Trials


def main() -> int:
    options = _options()
    console, scale = Console(soft_wrap=True, highlight=False), Scale(is_full=options.scale == "full")
    began, rows = time.monotonic(), list[Row]()
    with Rig() as rig:
        for name in options.chosen:
            with console.status(name):
                started = time.monotonic()
                rows += PROMISES[name](rig, scale)
                console.print(f"[dim]{name} took {time.monotonic() - started:.0f} s[/]")
        load = _load_picture(rig, scale, options, console)
    seconds = time.monotonic() - began
    report.print_table(console, rows, seconds=seconds)
    report.write_json(rows, command=options.command, seconds=seconds)
    if options.report:
        report.write_table(options.report, rows, load, command=options.command, seconds=seconds)
    return 0 if all(row.passed for row in rows) else 1


def _load_picture(rig: Rig, scale: Scale, options: argparse.Namespace, console: Console) -> str:
    """What the load picture shows, in words; nothing where it is not asked for."""
    if not options.picture:
        return ""
    with console.status("the load picture"):
        taken = picture.take(rig, scale)
    picture.draw(taken, Path(options.picture))
    console.print(f"Load: {taken}")
    return str(taken)


def _options() -> argparse.Namespace:
    trials = Trials("bench", "BENCH", PROMISES, "Each promise about speed against its yardstick.")
    trials.parser.add_argument("--picture", metavar="FILE", help="draw what steady load looks like over time, as SVG")
    return trials.options()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"bench: {error}")
