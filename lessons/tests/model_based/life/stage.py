"""Where it is played: the lessons, the shells in which people sit, and every act that the machine can choose.

Each act is foretold by the model, carried out, and held against what was foretold.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction

from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.foretold import EDITABLE, foretell
from lessons.tests.model_based.life.operations import Operation
from lessons.tests.model_based.life.refusals import refusal_of
from lessons.tests.model_based.life.school import Facts, Refusal, School
from lessons.tests.model_based.life.shells import BY, WHY, Shell
from lessons.tests.rows import nothing_written

MOST_OPEN_LESSONS, MOST_SHELLS = 4, 3


class RolledBack(Exception):
    """Raised inside a transaction, so that nothing of it stays."""


@contextmanager
def rolled_back() -> Iterator[None]:
    with suppress(RolledBack), transaction.atomic():
        yield
        raise RolledBack


class Stage:
    """`latest`: what was done last by the life cycle's functions."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.school = cast, School()
        self.shells: list[Shell] = []
        self.latest: Operation | None = None

    @property
    def open_lesson_ids(self) -> list[int]:
        return [pk for pk, facts in self.school.lessons.items() if EDITABLE[facts.status]]

    @property
    def has_room(self) -> bool:
        return len(self.open_lesson_ids) < MOST_OPEN_LESSONS

    @property
    def saved_shells(self) -> list[Shell]:
        return [shell for shell in self.shells if shell.lesson_id]

    # --- The clock ---------------------------------------------------------------------------------

    def time_passes(self, minutes: int) -> None:
        self.school.now += timedelta(minutes=minutes)

    # --- The life cycle's functions ------------------------------------------------------------------

    def somebody_does(self, operation: Operation) -> None:
        self.latest = operation
        self.carry_out(operation)

    def once_more(self) -> None:
        """A double click, or a client that did not hear the answer."""
        latest, self.latest = self.latest, None
        self.carry_out(latest)

    def roll_back(self, operations: list[Operation]) -> None:
        with nothing_written():
            self._in_vain(*operations)

    def roll_back_to_a_savepoint(self, first: Operation, undone: Operation, last: Operation) -> None:
        with transaction.atomic():
            self.carry_out(first)
            self._in_vain(undone)
            self.carry_out(last)

    def carry_out(self, operation: Operation) -> None:
        """Do it, and hold what came of it against what was foretold."""
        foretold = foretell(self.school, operation)
        if isinstance(foretold, Refusal):
            with nothing_written():
                assert refusal_of(lambda: operation.do(self.cast, self.school.now), self.cast) == foretold
            return
        lesson = operation.do(self.cast, self.school.now)
        before, self.school.lessons[lesson.pk] = self.school.lessons.get(lesson.pk), foretold
        assert (lesson.status, lesson.version) == (foretold.status, foretold.version)
        latest = lesson.latest_event
        assert (latest and latest.seq) == (foretold.version if foretold is not before else None)

    def _in_vain(self, *operations: Operation) -> None:
        before = dict(self.school.lessons)
        with rolled_back():
            for operation in operations:
                self.carry_out(operation)
        self.school.lessons = before

    # --- Plain shells --------------------------------------------------------------------------------

    def a_shell_reads(self, lesson_id: int, prefetched: bool) -> None:
        self._open(Shell.reads(self.school, lesson_id, prefetched=prefetched))

    def a_shell_invents(self, facts: Facts) -> None:
        self._open(Shell.invents(self.cast, facts))

    def _open(self, shell: Shell) -> None:
        self.shells = [*self.shells, shell][-MOST_SHELLS:]  # the oldest one was closed without saving

    def a_shell_moves(self, shell: Shell, name: str, times: dict[str, Any]) -> None:
        shell.instance.attribute(actor=self.cast.user(BY), reason=WHY, now=self.school.now)
        after = replace(shell.held, **times) if name == "reschedule" else shell.held
        foretold = shell.foretells_move(name, after, self.school)
        with nothing_written():
            if foretold:
                assert refusal_of(lambda: shell.moves(self.cast, name, after), self.cast) == foretold
            else:
                shell.moves(self.cast, name, after)

    def a_shell_edits(self, shell: Shell, changed: dict[str, Any]) -> None:
        after = replace(shell.held, **changed)
        if after.teacher not in after.students:  # nobody checks a plain shell
            shell.edits(self.cast, changed)

    def a_shell_saves(self, shell: Shell, fields: tuple[str, ...] | None, in_vain: bool) -> None:
        fields = None if shell.lesson_id is None else fields
        shell.instance.attribute(actor=self.cast.user(BY), reason=WHY, now=self.school.now)
        foretold = shell.foretells_save(self.school, fields)
        if isinstance(foretold, Refusal):
            with nothing_written():
                assert refusal_of(lambda: shell.saves(fields), self.cast) == foretold
        elif foretold is None:
            with nothing_written():
                shell.saves(fields)
        elif in_vain:
            self.shells.remove(shell)  # an instance is not to be used after a rollback
            with nothing_written(), rolled_back():
                shell.saves(fields)
        else:
            lesson = shell.saves(fields)
            self.school.lessons[lesson.pk] = foretold
            shell.has_saved(foretold, fields)

    def a_shell_reads_again(self, shell: Shell) -> None:
        shell.reads_again(self.school)
