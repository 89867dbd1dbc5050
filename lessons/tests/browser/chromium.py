"""The system's Chromium, with nothing going out but what the tests ask for."""

import os
import shutil

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def find_chromium() -> str:
    """Its path: CHROMIUM where that is set. Exits with one line where there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise SystemExit("error: there is no Chromium: apt-get install chromium, or name one in CHROMIUM.")
    return found
