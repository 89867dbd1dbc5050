"""The catalogue: complete, compiled as it stands, and true to what its messages are filled with."""

import re

import polib
import pytest

from backend.stack.messages import catalogues, untranslated
from backend.stack.processes import PROJECT_ROOT

CATALOGUES = {path.parts[-3]: path for path in catalogues(PROJECT_ROOT)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")


@pytest.fixture(params=CATALOGUES)
def catalogue(request: pytest.FixtureRequest) -> polib.POFile:
    return polib.pofile(str(CATALOGUES[request.param]))


def test_everything_is_translated(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in untranslated(catalogue)] == []


def test_what_is_compiled_is_what_was_translated(catalogue: polib.POFile) -> None:
    """The catalogues are compared, not the bytes: these differ by who compiled them."""
    compiled = polib.mofile(catalogue.fpath.replace(".po", ".mo"))

    assert _texts(compiled) == _texts(catalogue)


def test_a_translation_is_filled_with_what_its_message_is(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        wanted = _placeholders(entry.msgid) | _placeholders(entry.msgid_plural)
        for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            assert _placeholders(text) == wanted, entry.msgid


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def _texts(catalogue: polib.POFile | polib.MOFile) -> dict[str, object]:
    return {entry.msgid: entry.msgstr_plural or entry.msgstr for entry in catalogue}
