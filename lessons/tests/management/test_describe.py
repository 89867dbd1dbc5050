"""The tables in docs/architecture.md are made from the code, and its picture is the import contract."""

import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from lessons.management.commands.describe import described

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs/architecture.md"


def test_the_tables_of_the_document_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text()

    assert described(text) == text, "run: make tables"


def test_its_picture_shows_the_floors_of_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (floors,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    chart = re.findall(r"```mermaid\nflowchart TD\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]

    shown = [set(names.split(" · ")) for names in re.findall(r'\["(.*?)"\]', chart)]

    assert shown == [set(re.split(r" [:|] ", floor)) for floor in floors]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", DOCUMENT.read_text()))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (DOCUMENT.parent / link).exists()


def test_it_prints_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("describe")

    printed = capsys.readouterr().out
    assert "| `schedule` | draft | scheduled | teacher (own), manager, admin | no_students, starts_in_past |" in printed
    assert "| `cancelled` | ✔ | ✔ | everything earlier |" in printed


def test_a_document_without_a_place_for_a_table_is_refused_and_stays(tmp_path: Path) -> None:
    document = tmp_path / "notes.md"
    document.write_text("# Notes\n")

    with pytest.raises(CommandError, match="no place for a table: <!-- transitions -->"):
        call_command("describe", "--write", str(document))

    assert document.read_text() == "# Notes\n"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("describe", "--write", str(tmp_path / "nowhere.md"))
