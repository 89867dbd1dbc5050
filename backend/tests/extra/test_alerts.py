"""The alert rules: read by Prometheus' own tool, tried on made-up days, each with a section of the runbook."""

import re
import subprocess

import pytest
import yaml

from backend.tests.deployment.compose import ROOT
from backend.tests.extra.machine import needed

PROMETHEUS = ROOT / "docker/prometheus"
RULES = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"][0]["rules"]


@pytest.mark.parametrize(
    "question",
    [("check", "rules", "alerts.yml"), ("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")],
    ids=" ".join,
)
def test_promtool_finds_nothing(question: tuple[str, ...]) -> None:
    *words, file = question
    checked = subprocess.run(
        [needed("promtool"), *words, str(PROMETHEUS / file)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_has_its_section_in_the_runbook(rule: dict[str, dict[str, str]]) -> None:
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(), re.MULTILINE)

    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_each_figure_that_an_alert_asks_for_is_one_of_ours() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "backend/metrics").glob("*.py"))
    asked = {name for rule in RULES for name in re.findall(r"lessons_(\w+)", rule["expr"])}

    for name in asked:
        assert re.sub(r"_(total|bucket|count|sum)$", "", name) in sources, name
