"""`make drills`: one line per drill, ending in PASS or FAIL; exit code 1 if any failed."""

import argparse
import sys
import time

from rich.console import Console

from backend.stack.errors import StackError
from lessons.tests.drills import catalogue, report
from lessons.tests.drills.cluster import cluster
from lessons.tests.drills.mutant import MUTATIONS
from lessons.tests.drills.registry import DRILLS, Size
from lessons.tests.drills.verdict import run_drill


def main() -> int:
    options = _options()
    console, size = Console(soft_wrap=True, highlight=False), Size(is_full=options.scale == "full")
    started, verdicts = time.monotonic(), []
    names = options.drills or catalogue.NAMES
    console.print(report.HEADER)
    with cluster() as server:
        for number, name in enumerate(names, start=1):
            with console.status(f"{name}, {number} of {len(names)}"):
                verdicts.append(run_drill(DRILLS[name], size, server, mutation=options.mutation))
            report.print_verdict(console, verdicts[-1])
    failed = [verdict.name for verdict in verdicts if not verdict.passed]
    report.print_summary(console, len(verdicts), failed, time.monotonic() - started)
    if options.report:
        report.write_table(options.report, verdicts, command=_command(options))
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make drills", description="Something dies, and everybody is told once.")
    parser.add_argument("drills", nargs="*", metavar="DRILL", help=f"which of {', '.join(catalogue.NAMES)} (all)")
    parser.add_argument("--scale", choices=["quick", "full"], default="quick")
    parser.add_argument("--mutation", choices=MUTATIONS, help="run the application without this safeguard")
    parser.add_argument("--report", metavar="FILE", help="put the table into this Markdown file, between its markers")
    options = parser.parse_args()
    if unknown := [name for name in options.drills if name not in DRILLS]:
        parser.error(f"no drill is called {', '.join(unknown)}: there are {', '.join(catalogue.NAMES)}")
    return options


def _command(options: argparse.Namespace) -> str:
    chosen = f' DRILLS="{" ".join(options.drills)}"' if options.drills else ""
    return f"make drills{chosen}{' SCALE=full' if options.scale == 'full' else ''}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"drills: {error}")
