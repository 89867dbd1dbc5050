"""pip-audit, and an honest word where it could audit nothing."""

import json
import subprocess
from typing import Any

import pytest

from backend.stack import advisories

CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
BAD = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"name": "django", "skip_reason": "not found"}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """pip-audit says this, whatever it is asked."""

    def say(output: str | subprocess.TimeoutExpired) -> None:
        def run(command: Any, **_: Any) -> subprocess.CompletedProcess[str]:
            if isinstance(output, subprocess.TimeoutExpired):
                raise output
            return subprocess.CompletedProcess(command, 0, output, "")

        monkeypatch.setattr(subprocess, "run", run)

    return say


def test_clean_packages_are_counted(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answers(json.dumps({"dependencies": [CLEAN, CLEAN]}))

    assert advisories.main() == 0
    assert capsys.readouterr().out == "2 packages audited with pypi, 0 advisories\n"


def test_an_advisory_fails_the_build(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answers(json.dumps({"dependencies": [CLEAN, BAD]}))

    assert advisories.main() == 1
    assert "pillow 1.0: PYSEC-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "output",
    ["", "Traceback", json.dumps({"dependencies": [SKIPPED]}), subprocess.TimeoutExpired("pip-audit", 1)],
    ids=["silence", "noise", "all skipped", "nobody there"],
)
def test_where_nothing_was_audited_it_says_so_loudly(
    output: Any, answers: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(output)

    assert advisories.main() == 0
    assert "!!! NOTHING WAS AUDITED" in capsys.readouterr().out
