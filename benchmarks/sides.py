"""The sides of a comparison over HTTP: each with its database, its site, perhaps its worker."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks import growth, people
from benchmarks.lessons import make_lessons
from benchmarks.load import Load, drive, request
from benchmarks.rig import BARE, OURS, PLAIN, Database, Rig

STEPS = ("schedule", "start", "complete")
LATEST = "SELECT coalesce(max(event_id), 0) FROM lessons_dispatch"
# From the end, where those are who will be told last: to ask often costs next to nothing.
UNSETTLED = """
SELECT event_id FROM lessons_dispatch WHERE event_id > %(after)s AND settled_at IS NULL ORDER BY event_id DESC LIMIT 1
"""


class Side:
    """Takes lessons through their life over HTTP."""

    def __init__(self, database: Database, port: int, *, kind: str) -> None:
        self.database, self.port, self._kind = database, port, kind
        self._told = self._latest()
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
        seconds = self.database.rig.wait_until(self._is_calm, within_seconds=300, what="everybody told")
        self._told = self._latest()
        return seconds

    def _latest(self) -> int:
        """The latest event of which somebody is to be told."""
        return int(self.database.value(LATEST)) if self._kind == OURS else 0

    def _is_calm(self) -> bool:
        if self._kind == PLAIN:
            return not self.database.rig.broker.exists("celery", "unacked")
        return is_everybody_told(self.database, after=self._told)


def is_everybody_told(database: Database, *, after: int) -> bool:
    """Of all events after this one."""
    return not database.query(UNSETTLED, after=after)


@contextmanager
def side(rig: Rig, kind: str, *, worker: bool) -> Iterator[Side]:
    """One of OURS, PLAIN and BARE, ready to answer."""
    with ExitStack() as stack:
        name = kind.rpartition(".")[2]
        database = stack.enter_context(plain_database(rig) if kind == PLAIN else our_database(rig, name))
        if worker:
            stack.enter_context(database.worker(kind))
        yield Side(database, stack.enter_context(database.site(kind)), kind=kind)


@contextmanager
def our_database(rig: Rig, name: str = "ours") -> Iterator[Database]:
    """A school at work."""
    with rig.database(name) as database:
        growth.grow_calm(database)
        yield database


@contextmanager
def plain_database(rig: Rig) -> Iterator[Database]:
    """The same school, by the plain design."""
    with rig.database("plain", template="template1") as database:
        database.environment["DJANGO_SETTINGS_MODULE"] = f"{PLAIN}.settings"
        database.run("-m", "django", "migrate", "--run-syncdb")
        database.query(people.PLAIN)
        make_lessons(database, growth.BEHIND, plain=True)
        database.query("UPDATE plain_lesson SET status = 'completed'")
        database.query("VACUUM ANALYZE")
        yield database


__all__ = ["BARE", "OURS", "PLAIN", "Side", "is_everybody_told", "our_database", "plain_database", "side"]
