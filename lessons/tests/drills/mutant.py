"""The application with one of its safeguards taken out, for drills that are to fail then.

python -m lessons.tests.drills.mutant MUTATION -m MODULE …
"""

import sys
from collections.abc import Callable
from pkgutil import resolve_name

from lessons.tests.drills.inside import run_changed

# What the database itself guards is taken out of the drill's database.
BY_SQL = {"unique constraint": "ALTER TABLE lessons_delivery DROP CONSTRAINT delivery_once"}


def without(statement: str, words: str, *, instead: str = "") -> Callable[[], None]:
    """The SQL `statement`, named by its module, lacks these words, or has others `instead`."""
    module_name, _, name = statement.rpartition(".")

    def take_out() -> None:
        module = resolve_name(module_name)
        text = getattr(module, name)
        assert words in text, f"{statement} has no {words!r} to be taken out"
        setattr(module, name, text.replace(words, instead))

    return take_out


def no_row_lock() -> None:
    from lessons.lifecycle import access
    from lessons.models import Lesson
    from lessons.models.by_id import reader

    access._lock_lesson = reader(Lesson)


def no_reaper() -> None:
    import lessons.notifications.relay

    lessons.notifications.relay.reap = lambda: 0


FENCE = "AND run_id = %(run)s AND coalesce(state) = 'leased' AND taken_at IS NOT NULL AND attempt_count = t.attempt"
PATCHES: dict[str, Callable[[], None]] = {
    "take": without("lessons.notifications.take.TAKE", "AND d.taken_at IS NULL"),
    "fence": without("lessons.notifications.record.RECORD", FENCE),
    "row lock": no_row_lock,
    "compare-and-set": without(
        "lessons.models.recorded.COMPARE_AND_SET",
        "version = %s AND status = %s",
        instead="(%s, %s) IS NOT NULL",  # whatever they are
    ),
    "reaper": no_reaper,
}
MUTATIONS = sorted([*PATCHES, *BY_SQL])

if __name__ == "__main__":
    _, mutation, *program = sys.argv
    run_changed(PATCHES.get(mutation, lambda: None), program)
