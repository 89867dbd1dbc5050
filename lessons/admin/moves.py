"""What the page of a lesson offers: each transition, with its help where it can be made and the reason where not."""

from dataclasses import dataclass

from lessons import selectors
from lessons.models import Lesson, User
from lessons.models.lesson import TRANSITIONS


@dataclass(frozen=True)
class Move:
    """`obstacle`: why it cannot be made now; "" where it can. `asks`: its button opens a form first."""

    name: str
    label: str
    help: str
    obstacle: str
    asks: bool = False

    @property
    def is_possible(self) -> bool:
        return not self.obstacle


def moves(lesson: Lesson, person: User, *, offered: list[str], asking: list[str]) -> list[Move]:
    """All transitions that the admin offers, in the order of a lesson's life; the impossible ones with the reason."""
    blocked = selectors.blocked_transitions(lesson, person)
    return [
        _move(lesson, name, str(blocked[name].reason) if name in blocked else "", name in asking)
        for name in TRANSITIONS
        if name in offered
    ]


def _move(lesson: Lesson, name: str, obstacle: str, asks: bool) -> Move:
    transition = next(iter(getattr(lesson, name)._django_fsm.transitions.values()))
    return Move(name, str(transition.custom["label"]), str(transition.custom["help_text"]), obstacle, asks)
