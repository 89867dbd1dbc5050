"""The state diagram of a lesson as SVG, drawn from the transitions themselves.

What follows a draft step by step makes the main line; what several statuses lead to lies below them as a bar.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from lessons.models import Lesson, Status
from lessons.models.lesson import TRANSITIONS

BOX_WIDTH, BOX_HEIGHT, STEP = 128, 40, 246
LEFT, LINE_Y, BELOW_Y = 4, 62, 152
LOOP_HEIGHT, LOOP_HALF_WIDTH, LABEL_GAP = 24, 26, 7


class Edge(NamedTuple):
    """A transition: `label` is what its button says."""

    name: str
    label: str
    source: str
    target: str


@dataclass(frozen=True)
class Box:
    status: Status
    x: int
    y: int
    width: int
    is_now: bool
    was: bool

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def text_y(self) -> int:
        return self.y + BOX_HEIGHT // 2 + 5


@dataclass(frozen=True)
class Arrow:
    edge: Edge
    path: str
    label_x: int
    label_y: int
    anchor: str
    is_open: bool


def edges() -> list[Edge]:
    """Every way from one status to another, in the order of a lesson's life."""
    found = []
    for name in TRANSITIONS:
        for source, transition in getattr(Lesson, name)._django_fsm.transitions.items():
            found.append(Edge(name, transition.custom["label"], source, transition.target))
    return found


def main_line(ways: Collection[Edge]) -> list[str]:
    """From the draft on, always the first way to where one has not been."""
    line = [str(Status.DRAFT)]
    while step := next((e.target for e in ways if e.source == line[-1] and e.target not in line), None):
        line.append(step)
    return line


def diagram(*, now: str, been: Collection[str] = (), possible: Collection[str] = ()) -> SafeString:
    """With the status `now` lit, those where the lesson has `been` marked, and the `possible` transitions set off."""
    ways = edges()
    boxes = {box.status: box for box in _boxes(ways, now, been)}
    arrows = [_arrow(edge, boxes, edge.source == now and edge.name in possible) for edge in ways]
    width = max(box.x + box.width for box in boxes.values()) + LEFT
    context = {"boxes": boxes.values(), "arrows": arrows, "width": width, "box_height": BOX_HEIGHT}
    context |= {"height": BELOW_Y + BOX_HEIGHT + LEFT, "now": Status(now)}
    return render_to_string("admin/lessons/lesson/diagram.svg", context)


def _boxes(ways: Collection[Edge], now: str, been: Collection[str]) -> Iterator[Box]:
    line = main_line(ways)
    places = {status: LEFT + n * STEP for n, status in enumerate(line)}
    for status, x in places.items():
        yield Box(Status(status), x, LINE_Y, BOX_WIDTH, status == now, status in been)
    for status in dict.fromkeys(edge.target for edge in ways if edge.target not in line):
        above = [places[edge.source] for edge in ways if edge.target == status]
        width = max(above) - min(above) + BOX_WIDTH
        yield Box(Status(status), min(above), BELOW_Y, width, status == now, status in been)


def _arrow(edge: Edge, boxes: dict[Status, Box], is_open: bool) -> Arrow:
    source, target = boxes[Status(edge.source)], boxes[Status(edge.target)]
    if source == target:
        left, right = source.middle - LOOP_HALF_WIDTH, source.middle + LOOP_HALF_WIDTH
        top = source.y - LOOP_HEIGHT
        path = f"M{left} {source.y} C{left} {top} {right} {top} {right} {source.y - 3}"
        return Arrow(edge, path, source.middle, top, "middle", is_open)
    if source.y == target.y:
        start, end, y = source.x + source.width, target.x - 3, source.y + BOX_HEIGHT // 2
        return Arrow(edge, f"M{start} {y} H{end}", (start + end) // 2, y - LABEL_GAP, "middle", is_open)
    start, end = source.y + BOX_HEIGHT, target.y - 3
    label_y = (start + end) // 2 + LABEL_GAP // 2
    return Arrow(edge, f"M{source.middle} {start} V{end}", source.middle + LABEL_GAP, label_y, "start", is_open)
