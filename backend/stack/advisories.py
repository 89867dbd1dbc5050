"""Whether the locked packages have known vulnerabilities: pip-audit, and an honest word where it could not ask.

`python -m backend.stack.advisories`. Exit code 1 for a finding. Where no source of advisories can be reached it prints
a line that nobody overlooks, and exits 0: pip-audit itself would say either nothing or no more than a traceback.
"""

import json
import subprocess
import sys
from pathlib import Path

from backend.stack.processes import PROJECT_ROOT

SOURCES = ("pypi", "osv")
WITHIN_SECONDS = 30
LOCK = PROJECT_ROOT / "requirements.lock"


def main() -> int:
    for source in SOURCES:
        answer = ask(source)
        if answer is None:
            continue
        audited, vulnerable = answer
        for line in vulnerable:
            sys.stdout.write(f"{line}\n")
        sys.stdout.write(f"{audited} packages audited with {source}, {len(vulnerable)} advisories\n")
        return 1 if vulnerable else 0
    sys.stdout.write(
        f"!!! NOTHING WAS AUDITED: none of {', '.join(SOURCES)} can be reached from here. "
        f"Run `python -m backend.stack.advisories` where one can.\n"
    )
    return 0


def ask(source: str) -> tuple[int, list[str]] | None:
    """How many packages of the lock that source knows, and what it says against them; None where it cannot be asked."""
    command = (
        *(Path(sys.executable).with_name("pip-audit"), "--requirement", LOCK, "--disable-pip", "--require-hashes"),
        *("--vulnerability-service", source, "--format", "json", "--progress-spinner", "off", "--timeout", "5"),
    )
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_SECONDS, check=False)  # noqa: S603
        report = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    looked_at = [package for package in report if "vulns" in package]
    if not looked_at:  # it skipped them all, and called that success
        return None
    return len(looked_at), [
        f"{package['name']} {package['version']}: {advisory['id']}, mended in {advisory['fix_versions']}"
        for package in looked_at
        for advisory in package["vulns"]
    ]


if __name__ == "__main__":
    sys.exit(main())
