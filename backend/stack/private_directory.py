"""Short directories under the temp directory that nobody else can enter: sockets live there.

A socket's path must fit into about 100 bytes, so it cannot lie beside data that lie deep.
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from backend.stack.errors import StackError

# Leaves room for a name of ours and for PostgreSQL's `.s.PGSQL.5432`.
LONGEST_PARENT = 50


def private_directory(owner: Path) -> Path:
    """The directory (mode 0700, made if need be) that belongs to the data directory `owner`.

    StackError if somebody else made a thing of that name.
    """
    digest = hashlib.sha256(os.fsencode(owner.resolve())).hexdigest()[:10]
    directory = _temp_directory() / f"lessons-{os.getuid()}-{digest}"
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise StackError(f"{directory} belongs to somebody else; remove it or set TMPDIR")
    return directory


def _temp_directory() -> Path:
    chosen = Path(tempfile.gettempdir())
    return chosen if len(os.fsencode(chosen)) <= LONGEST_PARENT else Path("/tmp")  # noqa: S108  # nosec B108
