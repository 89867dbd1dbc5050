"""`make drills`: one line per drill, ending in PASS or FAIL; exit code 1 if any failed."""

import argparse
import sys
import time

from rich.console import Console

from backend.stack.errors import StackError
from lessons.tests.drills import catalogue, report
from lessons.tests.drills.cluster import cluster
from lessons.tests.drills.mutant import MUTATIONS
from lessons.tests.drills.registry import DRILLS
from lessons.tests.drills.verdict import run_drill
from lessons.tests.trials import Scale, Trials


def main() -> int:
    options = _options()
    console, scale = Console(soft_wrap=True, highlight=False), Scale(is_full=options.scale == "full")
    started, verdicts = time.monotonic(), []
    console.print(report.HEADER)
    with cluster() as server:
        for number, name in enumerate(options.chosen, start=1):
            with console.status(f"{name}, {number} of {len(options.chosen)}"):
                verdicts.append(run_drill(DRILLS[name], scale, server, mutation=options.mutation))
            report.print_verdict(console, verdicts[-1])
    failed = [verdict.name for verdict in verdicts if not verdict.passed]
    report.print_summary(console, len(verdicts), failed, time.monotonic() - started)
    if options.report:
        report.write_table(options.report, verdicts, command=options.command)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    trials = Trials("drills", "DRILLS", catalogue.NAMES, "Something dies, and everybody is told once.")
    trials.parser.add_argument("--mutation", choices=MUTATIONS, help="run the application without this safeguard")
    return trials.options()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"drills: {error}")
