"""Whatever people read is in the catalogue: gathering it anew finds nothing that is not there. Needs GNU gettext."""

import shutil
from pathlib import Path

import polib

from backend.stack.messages import catalogues, gather
from backend.stack.processes import PROJECT_ROOT

SOURCES = ("backend", "lessons", "docs", "manage.py")  # the settings read a page of the docs


def test_gathering_the_messages_anew_finds_nothing_new_and_nothing_gone(tmp_path: Path) -> None:
    for name in SOURCES:
        source = PROJECT_ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)

    gather(tmp_path)

    for kept, gathered in zip(catalogues(PROJECT_ROOT), catalogues(tmp_path), strict=True):
        before, after = _messages(kept), _messages(gathered)
        assert after - before == set(), "not in the catalogue: run `make messages` and translate them"
        assert before - after == set(), "in no source any more: run `make messages`"


def _messages(path: Path) -> set[tuple[str | None, str, str]]:
    return {(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in polib.pofile(str(path)) if not entry.obsolete}
