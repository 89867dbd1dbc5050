"""What happens next: drawn from the stage's own lessons and shells. Most of it would succeed; the rest has a flaw."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy, composite

from lessons.tests.model_based.acting import Table, act, always, one_of_the, stage
from lessons.tests.model_based.life.cast import INACTIVE, STAFF, STUDENTS, TEACHERS
from lessons.tests.model_based.life.foretold import EDITABLE, MOVES
from lessons.tests.model_based.life.operations import Create, Move, Update
from lessons.tests.model_based.life.school import Facts

FAR = timedelta(days=6 * 366)
ANYBODY = [*TEACHERS, *STUDENTS, *STAFF, INACTIVE, None]
HALF_HOUR = timedelta(minutes=30)


def flaws(*kinds: str) -> SearchStrategy[frozenset[str]]:
    """What is wrong with an operation: mostly nothing, else one thing, or everything at once."""
    one = [frozenset({kind}) for kind in kinds]
    return st.sampled_from([frozenset()] * 2 * len(kinds) + one + [frozenset(kinds)])


# --- Of what there is -------------------------------------------------------------------------------


def lesson_ids() -> SearchStrategy[int]:
    """Of one that is still on, mostly: the finished ones only refuse."""
    return stage.flatmap(lambda stage: st.sampled_from([*stage.open_lesson_ids * 3, *stage.school.lessons]))


# --- Times and people -------------------------------------------------------------------------------


@composite
def times(draw: DrawFn, *, flawed: bool = False) -> dict[str, datetime]:
    """On a grid of half hours ahead of the school's clock, so that lessons meet, overlap and miss each other.

    Flawed ones have passed, end before they start, or are years away.
    """
    grid = draw(stage).school.now.replace(minute=0) + timedelta(hours=1)
    if flawed:
        start = grid + draw(st.sampled_from([-3, -2, 2])) * HALF_HOUR + draw(st.sampled_from([timedelta(), FAR]))
        return {"start": start, "end": start + draw(st.integers(-1, 2)) * HALF_HOUR}
    start = grid + draw(st.integers(0, 6)) * HALF_HOUR
    return {"start": start, "end": start + draw(st.integers(1, 3)) * HALF_HOUR}


def attending(teacher: str | None, *, flawed: bool = False) -> SearchStrategy[frozenset[str]]:
    """Students, and teachers who learn from a colleague; flawed: nobody, staff, who left the school, the teacher."""
    if flawed:
        return st.sampled_from([frozenset(), {"maria"}, {INACTIVE, "bob"}, {teacher or "bob"}]).map(frozenset)
    return st.frozensets(st.sampled_from([*STUDENTS, *(t for t in TEACHERS if t != teacher)]), min_size=1)


@composite
def actors(draw: DrawFn, lesson_id: int, *, flawed: bool) -> str | None:
    """The lesson's own teacher, staff or the system; flawed: anybody."""
    teacher = draw(stage).school.lessons[lesson_id].teacher
    return draw(st.sampled_from(ANYBODY if flawed else [teacher, *STAFF, None]))


@composite
def versions(draw: DrawFn, lesson_id: int, *, flawed: bool) -> int | None:
    """None or the present one; flawed: one that has passed, or is yet to come."""
    version = draw(stage).school.lessons[lesson_id].version
    return draw(st.sampled_from([version - 1, version + 1] if flawed else [None, version]))


# --- Operations -------------------------------------------------------------------------------------


@composite
def creations(draw: DrawFn) -> Create:
    flaw = draw(flaws("by", "people", "times"))
    teacher = draw(st.sampled_from([*TEACHERS, *(ANYBODY if "people" in flaw else [])]))
    by = draw(st.sampled_from(ANYBODY) if "by" in flaw else st.sampled_from([teacher, *STAFF]))
    names_teacher = by not in TEACHERS or draw(st.booleans())
    students = draw(attending(teacher, flawed="people" in flaw))
    return Create(by, teacher if names_teacher else None, students, **draw(times(flawed="times" in flaw)))


@composite
def moves(draw: DrawFn) -> Move:
    flaw = draw(flaws("name", "by", "version", "times"))
    lesson_id = draw(lesson_ids())
    status = draw(stage).school.lessons[lesson_id].status
    possible = [name for name, (sources, _, _) in MOVES.items() if status in sources]
    onward = [name for name in possible if name != "cancel"] * 3  # or few lessons get far
    name = draw(st.sampled_from([*onward, *possible] if possible and "name" not in flaw else [*MOVES]))
    by = draw(actors(lesson_id, flawed="by" in flaw))
    version = draw(versions(lesson_id, flawed="version" in flaw))
    return Move(lesson_id, name, by, version, **draw(times(flawed="times" in flaw)))


@composite
def updates(draw: DrawFn) -> Update:
    flaw = draw(flaws("field", "by", "version", "times", "people"))
    lesson_id = draw(lesson_ids())
    facts = draw(stage).school.lessons[lesson_id]
    names = sorted(EDITABLE["draft"] if "field" in flaw else EDITABLE[facts.status]) or ["title"]
    values = {
        "title": st.sampled_from(["Algebra", "Geometry", "Topology"]),
        "teacher": st.sampled_from(ANYBODY[:-1] if "people" in flaw else TEACHERS),
        "students": attending(facts.teacher, flawed="people" in flaw),
    }
    moved = draw(times(flawed="times" in flaw))
    picked = draw(st.sets(st.sampled_from(names), min_size=1, max_size=2))
    edit = {name: moved[name] if name in moved else draw(values[name]) for name in sorted(picked)}
    by = draw(actors(lesson_id, flawed="by" in flaw))
    return Update(lesson_id, by, draw(versions(lesson_id, flawed="version" in flaw)), edit)


# --- By hand ----------------------------------------------------------------------------------------


@composite
def moves_by_hand(draw: DrawFn) -> dict[str, Any]:
    """A shell, a transition, and times in case it is a reschedule; the transition is mostly possible."""
    shell = draw(one_of_the("shells"))
    possible = [name for name, (sources, _, _) in MOVES.items() if shell.held.status in sources]
    name = draw(st.sampled_from([*possible * 2, *MOVES]))
    return {"shell": shell, "name": name, "times": draw(times(flawed=draw(st.sampled_from([False, False, True]))))}


def saves_by_hand() -> SearchStrategy[dict[str, Any]]:
    partial = [(), ("title",), ("teacher",), ("start", "end"), ("status", "title")]
    fields = st.sampled_from([None] * len(partial) + partial)
    in_vain = st.sampled_from([False, False, False, True])
    return st.fixed_dictionaries({"shell": one_of_the("shells"), "fields": fields, "in_vain": in_vain})


def edits_by_hand() -> SearchStrategy[dict[str, Any]]:
    """One thing at a time."""
    return st.one_of(
        st.sampled_from(["Algebra", "Geometry"]).map(lambda title: {"title": title}),
        st.sampled_from(TEACHERS).map(lambda teacher: {"teacher": teacher}),
        st.frozensets(st.sampled_from([*STUDENTS, *TEACHERS]), max_size=3).map(lambda names: {"students": names}),
        times(),
    )


@composite
def new_facts(draw: DrawFn) -> Facts:
    teacher = draw(st.sampled_from(TEACHERS))
    return Facts("Algebra", teacher, draw(attending(teacher)), **draw(times()))


# --- Acts -------------------------------------------------------------------------------------------


def changes() -> SearchStrategy[Move | Update]:
    return moves() | updates()


def has_lessons(stage: Any) -> bool:
    return bool(stage.school.lessons)


ACTS: Table = [
    (1, always, act("time_passes", minutes=st.sampled_from([30, 60]))),
    (2, lambda s: s.has_room, act("somebody_does", operation=creations())),
    (4, has_lessons, act("somebody_does", operation=moves())),
    (3, has_lessons, act("somebody_does", operation=updates())),
    (1, lambda s: s.latest, act("once_more")),
    (1, has_lessons, act("roll_back", operations=st.lists(changes(), min_size=1, max_size=2))),
    (1, has_lessons, act("roll_back_to_a_savepoint", first=changes(), undone=changes(), last=moves())),
    (2, has_lessons, act("a_shell_reads", lesson_id=lesson_ids(), prefetched=st.booleans())),
    (1, lambda s: s.has_room, act("a_shell_invents", facts=new_facts())),
    (4, lambda s: s.shells, act("a_shell_moves", moves_by_hand())),
    (3, lambda s: s.shells, act("a_shell_edits", shell=one_of_the("shells"), changed=edits_by_hand())),
    (5, lambda s: s.shells, act("a_shell_saves", saves_by_hand())),
    (1, lambda s: s.saved_shells, act("a_shell_reads_again", shell=one_of_the("saved_shells"))),
]
