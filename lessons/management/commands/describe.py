"""`manage.py describe`: the tables of the life cycle, of events and of rights, as Markdown, from the code itself."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from lessons.events import ALL, RULES, EventName
from lessons.lifecycle.editing import EDITABLE
from lessons.models import Lesson, Status
from lessons.models.lesson import TRANSITIONS
from lessons.policies import RIGHTS, Relation, Right, Role


class Command(BaseCommand):
    help = (
        "Prints the tables of transitions, events and rights; --write puts them into a document, between its markers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--write", metavar="FILE", type=Path, help="a Markdown file with <!-- transitions --> markers"
        )

    def handle(self, *, write: Path | None, **options: Any) -> None:
        if write is None:
            self.stdout.write("\n".join(table() for table in TABLES.values()))
            return
        try:
            write.write_text(described(write.read_text()))
        except OSError as error:
            raise CommandError(f"{write} cannot be read and written: {error.strerror}") from error


def described(text: str) -> str:
    """The text with each table between its markers replaced by the one that the code makes."""
    for name, table in TABLES.items():
        before, opening, rest = text.partition(f"<!-- {name} -->\n")
        _, closing, after = rest.partition(f"<!-- /{name} -->")
        if not closing:
            raise CommandError(f"there is no place for a table: <!-- {name} --> … <!-- /{name} -->")
        text = f"{before}{opening}\n{table()}\n{closing}{after}"
    return text


def transitions() -> str:
    """Each transition: from where to where, who may, and what it asks."""
    rows = []
    for name in TRANSITIONS:
        meta = getattr(Lesson, name)._django_fsm
        sources = [source for source in Status.values if meta.has_transition(source)]
        found = [meta.get_transition(source) for source in sources]
        conditions = dict.fromkeys(check.code for transition in found for check in transition.conditions)
        rows.append([f"`{name}`", ", ".join(sources), found[0].target, _who(Right(name)), ", ".join(conditions)])
    return _table(["transition", "from", "to", "who", "refused, beside a clash, as"], rows)


def statuses() -> str:
    """Each status: what may be edited, and whether it books people."""
    rows = [[f"`{status}`", ", ".join(sorted(EDITABLE[status]))] for status in Status.values]
    return _table(["status", "what an update may change"], rows)


def events() -> str:
    """Each event: whom it tells, and what it makes pointless."""
    rows = [
        [
            f"`{name}`",
            "✔" if rule.tells_teacher else "",
            "✔" if rule.tells_students else "",
            _set_of_events(rule.supersedes),
        ]
        for name, rule in RULES.items()
    ]
    return _table(["event", "teacher", "students", "makes pointless what is undelivered of"], rows)


def rights() -> str:
    """Each right: by which relation to the lesson a role has it."""
    rows = [[f"`{right}`", *(_relations(role, right) for role in Role)] for right in Right]
    return _table(["right", *Role.values], rows)


def _who(right: Right) -> str:
    return ", ".join(
        role.value + ("" if Relation.NONE in having else " (own)")
        for role in Role
        if (having := [relation for relation in Relation if right in RIGHTS[role][relation]])
    )


def _relations(role: Role, right: Right) -> str:
    having = [relation for relation in Relation if right in RIGHTS[role][relation]]
    return "every lesson" if Relation.NONE in having else " · ".join(having)


def _set_of_events(names: Iterable[EventName]) -> str:
    names = frozenset(names)
    missing = sorted(ALL - names)
    if names and len(missing) <= 1:
        return "everything earlier" + (f" but {missing[0]}" if missing else "")
    return ", ".join(sorted(names))


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    with override("en"):
        lines = [head, ["---"] * len(head), *rows]
        return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "transitions": transitions,
    "statuses": statuses,
    "events": events,
    "rights": rights,
}
