"""How a machine chooses what happens next: an act of its stage, from a table that says how often, and when it may.

One rule runs them all. Of many rules Hypothesis leaves out half in each example, which finds more in ten thousand
examples, but in twenty hardly anything gets far.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

stage: SearchStrategy[Any] = st.runner().map(lambda machine: machine.stage)


@dataclass(frozen=True)
class Act:
    """A method of the stage, and its arguments."""

    name: str
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"

    def play(self, stage: Any) -> None:
        getattr(stage, self.name)(**self.arguments)


# How often of all, what has to be there, and the act.
Table = list[tuple[int, Callable[[Any], Any], SearchStrategy[Act]]]


def act(
    name: str, arguments: SearchStrategy[dict[str, Any]] | None = None, **each: SearchStrategy[Any]
) -> SearchStrategy[Act]:
    return st.builds(Act, st.just(name), st.fixed_dictionaries(each) if arguments is None else arguments)


def always(stage: Any) -> bool:
    return True


def acts_of(table: Table) -> SearchStrategy[Act]:
    """One that is possible now."""

    def possible(stage: Any) -> list[SearchStrategy[Act]]:
        return [act for often, may, act in table for _ in range(often) if may(stage)]

    return stage.flatmap(lambda stage: st.sampled_from(possible(stage))).flatmap(lambda act: act)


def one_of_the(name: str) -> SearchStrategy[Any]:
    """Of what the stage has under that name."""
    return stage.flatmap(lambda stage: st.sampled_from(getattr(stage, name)))
