"""Where a stack keeps its things, and whether they outlive it."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.stack.errors import StackError
from backend.stack.private_directory import private_directory
from backend.stack.processes import PROJECT_ROOT

SECRET_KEY = "secret_key"  # noqa: S105 - the name of a file


@dataclass(frozen=True, kw_only=True)
class Place:
    """A directory for data and logs, and a short one under the temp directory for sockets."""

    directory: Path
    sockets: Path
    keeps_data: bool

    @classmethod
    def lasting(cls, directory: Path) -> "Place":
        """Data that a second start finds again: written through to the disk.

        StackError where the directory holds something else: `reset` would drop that too.
        """
        directory = directory.resolve()
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()) and not (directory / SECRET_KEY).exists():
            raise StackError(f"{directory} holds other things: set DEMO_DIR to a directory of its own")
        return cls(directory=directory, sockets=private_directory(directory), keeps_data=True)

    @classmethod
    def throw_away(cls) -> "Place":
        """Data that end with the stack: fast rather than safe."""
        directory = Path(tempfile.mkdtemp(prefix="lessons-"))
        return cls(directory=directory, sockets=private_directory(directory), keeps_data=False)

    @property
    def services_file(self) -> Path:
        """What backend.settings reads in development while the services run."""
        return self.directory / "services.env"

    @property
    def everything(self) -> tuple[Path, ...]:
        return (self.directory, self.sockets)

    @property
    def temporary(self) -> tuple[Path, ...]:
        """What is to be removed when the stack has ended."""
        return (self.services_file,) if self.keeps_data else self.everything

    def secret_key(self) -> str:
        """Made once, so that sessions and tokens survive a restart."""
        file = self.directory / SECRET_KEY
        if not file.exists():
            write_private(file, secrets.token_urlsafe(50))
        return file.read_text()

    def write_services_file(self, settings: Mapping[str, str]) -> None:
        lines = (f"{name}={value}\n" for name, value in settings.items())
        write_private(self.services_file, "".join(lines))


def demo_directory(environment: Mapping[str, str]) -> Path:
    """Where the demo lives: DEMO_DIR, or `.demo` in the project."""
    return Path(environment.get("DEMO_DIR") or PROJECT_ROOT / ".demo")


def write_private(path: Path, text: str) -> None:
    """Writes a file that only we can read, also while it is being written."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
