"""`make bench`: one line per promise, ending in PASS or FAIL; exit code 1 if any is not kept."""

import argparse
import sys
import time

from rich.console import Console

from backend.stack.errors import StackError
from benchmarks import report
from benchmarks.measure import Row, Scale
from benchmarks.promises import PROMISES
from benchmarks.rig import Rig


def main() -> int:
    options = _options()
    console, scale = Console(soft_wrap=True, highlight=False), Scale(is_full=options.scale == "full")
    began, rows = time.monotonic(), list[Row]()
    with Rig() as rig:
        for name in options.promises or PROMISES:
            with console.status(name):
                started = time.monotonic()
                rows += PROMISES[name](rig, scale)
                console.print(f"[dim]{name} took {time.monotonic() - started:.0f} s[/]")
    seconds = time.monotonic() - began
    report.print_table(console, rows, seconds=seconds)
    report.write_json(rows, command=_command(options), seconds=seconds)
    if options.report:
        report.write_table(options.report, rows, command=_command(options), seconds=seconds)
    return 0 if all(row.passed for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Each promise about speed against its yardstick.")
    parser.add_argument("promises", nargs="*", metavar="PROMISE", help=f"which of {', '.join(PROMISES)} (all)")
    parser.add_argument("--scale", choices=["quick", "full"], default="quick")
    parser.add_argument("--report", metavar="FILE", help="put the table into this Markdown file, between its markers")
    options = parser.parse_args()
    if unknown := [name for name in options.promises if name not in PROMISES]:
        parser.error(f"there is no {', '.join(unknown)}: there are {', '.join(PROMISES)}")
    return options


def _command(options: argparse.Namespace) -> str:
    chosen = f' BENCH="{" ".join(options.promises)}"' if options.promises else ""
    return f"make bench{chosen}{' SCALE=full' if options.scale == 'full' else ''}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"bench: {error}")
