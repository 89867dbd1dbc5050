"""The alert rules: read by Prometheus' own tool, tried on made-up days, each with a section of the runbook."""

import re
import subprocess

import pytest
import yaml

from backend.tests.deployment.compose import ROOT
from backend.tests.extra.machine import needed
from backend.tests.metrics.scrape import Scrape

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


@pytest.mark.django_db
def test_each_figure_that_an_alert_asks_for_is_one_of_ours() -> None:
    asked = {name for rule in RULES for name in re.findall(r"lessons_\w+", rule["expr"])}

    assert asked <= Scrape().names


def test_each_alert_is_tried_on_a_day_on_which_it_fires_and_on_a_quiet_one() -> None:
    days = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"]
    tried = [one for day in days for one in day["alert_rule_test"]]
    alerts = {rule["alert"] for rule in RULES}

    assert {one["alertname"] for one in tried if one.get("exp_alerts")} == alerts
    assert {one["alertname"] for one in tried if not one.get("exp_alerts")} == alerts
