"""The gateway's own log, for checking afterwards what really reached the outside world."""

import json
import threading
from pathlib import Path
from typing import Any


class Journal:
    """Appends JSON lines to a file; without a path it keeps quiet.

    Raises OSError at once where the file cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._append("")

    def write(self, entry: dict[str, Any]) -> None:
        """Append one line. It is in the file when this returns."""
        self._append(json.dumps(entry) + "\n")

    def _append(self, text: str) -> None:
        if self._path is None:
            return
        with self._lock, self._path.open("a", encoding="ascii") as file:
            file.write(text)
