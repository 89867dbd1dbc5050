"""Messages: what people read is gathered into one catalogue per language, and what has been translated is compiled.

English is the language of the code: it needs no catalogue. GNU gettext gathers; polib compiles, so that a machine
without gettext can, too.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from rich.console import Console

from backend.stack.errors import StackError
from backend.stack.lint import SETTINGS
from backend.stack.processes import PROJECT_ROOT

LANGUAGES = ("ru",)
CATALOGUES = Path("lessons") / "locale"
IGNORED = (".venv", "build", "staticfiles", "lessons/tests/*", "backend/tests/*", "benchmarks")


def messages(console: Console) -> int:
    """Gathers and compiles; 1 where something is left to be translated, which is named."""
    gather(PROJECT_ROOT)
    left = 0
    for path in catalogues(PROJECT_ROOT):
        catalogue = polib.pofile(str(path))
        catalogue.save_as_mofile(str(path.with_suffix(".mo")))
        missing = untranslated(catalogue)
        left += len(missing)
        console.print(f"{path.relative_to(PROJECT_ROOT)}: {len(catalogue)} messages, {len(missing)} to be translated")
        for entry in missing:
            console.print(f"  {entry.msgid}", markup=False, highlight=False, soft_wrap=True)
    return 1 if left else 0


def gather(root: Path) -> None:
    """Brings the catalogues below `root` up to date with its sources. Raises StackError where gettext is missing."""
    if shutil.which("xgettext") is None:
        raise StackError("there is no xgettext: apt-get install gettext")
    languages = [option for language in LANGUAGES for option in ("--locale", language)]
    ignored = [option for pattern in IGNORED for option in ("--ignore", pattern)]
    command = (sys.executable, "-W", "ignore", "manage.py", "makemessages", *languages, *ignored)
    environment = {**os.environ, "SECRET_KEY": "x" * 50, **SETTINGS}
    subprocess.run(  # noqa: S603 - our own command
        (*command, "--no-location", "--no-obsolete"), cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def catalogues(root: Path) -> Iterator[Path]:
    for language in LANGUAGES:
        yield root / CATALOGUES / language / "LC_MESSAGES" / "django.po"


def untranslated(catalogue: polib.POFile) -> list[polib.POEntry]:
    """What has no translation, or one that was guessed."""
    return [entry for entry in catalogue if not entry.translated() or entry.fuzzy]
