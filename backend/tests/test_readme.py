"""What the README shows is what the code does."""

import re
from pathlib import Path

import pytest
from grimp import build_graph

from lessons.models import Lesson
from lessons.models.lesson import Status

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def diagram(kind: str) -> str:
    return next(block for block in blocks("mermaid") if block.startswith(kind))


def module_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def test_the_state_diagram_is_the_state_machine() -> None:
    shown = set(re.findall(r"(\w+) --> (\w+): (\w+)", diagram("stateDiagram")))

    transitions = Lesson._meta.get_field("status").get_all_transitions(Lesson)

    assert shown == {(str(t.source), str(t.target), t.name) for t in transitions}
    assert f"[*] --> {Status.DRAFT}" in diagram("stateDiagram")


def test_every_room_of_the_flow_diagram_exists() -> None:
    rooms = re.findall(r'\["(lessons/[^"]+)"\]', diagram("flowchart"))

    assert rooms
    assert [room for room in rooms if not (ROOT / room).exists()] == []


def test_every_solid_arrow_of_the_flow_diagram_is_an_import() -> None:
    chart = diagram("flowchart")
    modules = {name: module_of(path) for name, path in re.findall(r'(\w+)\["(lessons/[^"]+)"\]', chart)}
    arrows = re.findall(r"^\s+(\w+)(?:\[[^]]*\])? (?:-- \"[^\"]*\" )?--> (\w+)", chart, re.MULTILINE)
    graph = build_graph("lessons")

    missing = [
        (source, target)
        for source, target in arrows
        if source in modules
        and target in modules
        and not graph.direct_import_exists(importer=modules[source], imported=modules[target], as_packages=True)
    ]

    assert arrows
    assert missing == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)) <= targets
