"""The sides of a comparison over HTTP: each with its database, its site, perhaps its worker."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks import people
from benchmarks.lessons import make_lessons
from benchmarks.load import Load, drive, request
from benchmarks.rig import BARE, OURS, PLAIN, Database, Rig

STEPS = ("schedule", "start", "complete")
UNSETTLED = "SELECT count(*) FROM lessons_dispatch WHERE settled_at IS NULL"


class Side:
    """Takes lessons through their life over HTTP."""

    def __init__(self, database: Database, port: int, *, kind: str) -> None:
        self.database, self.port, self._kind = database, port, kind
        self._tokens = json.loads(database.run("-m", "benchmarks.tokens")) if kind == OURS else {}

    def live(self, lessons: int, *, students: int = 1) -> Load:
        """Make so many lessons, and take each through its three transitions."""
        return drive(self.port, self._steps(lessons, students))

    def requests(self, lessons: int) -> list[bytes]:
        """The requests of that, one step after the other."""
        return [request for step in self._steps(lessons) for request in step]

    def _steps(self, lessons: int, students: int = 1) -> list[list[bytes]]:
        made = make_lessons(self.database, lessons, students=students, plain=self._kind == PLAIN)
        return [
            [
                request("POST", f"/api/v1/lessons/{pk}/{step}/", self._tokens.get(str(teacher), ""))
                for pk, teacher in made
            ]
            for step in STEPS
        ]

    def calm_down(self) -> float:
        """Let what was set off come to its end; the seconds that it took."""
        return self.database.rig.wait_until(self._is_calm, within_seconds=300, what="everybody told")

    def _is_calm(self) -> bool:
        if self._kind == PLAIN:
            return not self.database.rig.broker.exists("celery", "unacked")
        return bool(self.database.value(UNSETTLED) == 0)


@contextmanager
def side(rig: Rig, kind: str, *, worker: bool) -> Iterator[Side]:
    """One of OURS, PLAIN and BARE, ready to answer."""
    with ExitStack() as stack:
        database = stack.enter_context(plain_database(rig) if kind == PLAIN else rig.database(kind.rpartition(".")[2]))
        if worker:
            stack.enter_context(database.worker(kind))
        yield Side(database, stack.enter_context(database.site(kind)), kind=kind)


@contextmanager
def plain_database(rig: Rig) -> Iterator[Database]:
    with rig.database("plain", template="template1") as database:
        database.environment["DJANGO_SETTINGS_MODULE"] = f"{PLAIN}.settings"
        database.run("-m", "django", "migrate", "--run-syncdb")
        database.query(people.PLAIN)
        database.query("VACUUM ANALYZE")
        yield database


__all__ = ["BARE", "OURS", "PLAIN", "Side", "plain_database", "side"]
