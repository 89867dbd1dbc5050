"""What happens next, drawn from the stage's own lessons, messages and workers."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy, composite

from lessons.tests.model_based.acting import Table, act, always, one_of_the, stage
from lessons.tests.model_based.deliveries.story import Reach
from lessons.tests.model_based.deliveries.workers import Turn
from lessons.tests.model_based.deliveries.world import CHANNELS, FATES
from lessons.tests.model_based.life.cast import STUDENTS, TEACHERS
from lessons.tests.model_based.life.foretold import MOVES
from lessons.tests.model_based.life.operations import Create, Move, Operation, Update
from lessons.tests.model_based.life.school import Facts

MARIA, MOST_FROZEN = "maria", 2
UNFINISHED = ("draft", "scheduled", "in_progress")


# --- Lessons: always possible, and each on a day of its own -----------------------------------------------


@composite
def creations(draw: DrawFn, number: int) -> Create:
    times = _times(draw(stage).story.school.now + timedelta(days=number + 1))
    return Create(MARIA, TEACHERS[number % 2], draw(_students()), **times)


@composite
def changes(draw: DrawFn) -> Operation:
    """Of a lesson that is on; or a new one, where none is."""
    lessons = draw(stage).story.school.lessons
    on = [pk for pk, facts in lessons.items() if facts.status in UNFINISHED]
    if not on:
        return draw(creations(len(lessons)))
    lesson_id = draw(st.sampled_from(on))
    facts = lessons[lesson_id]
    names = [name for name, (sources, _, _) in MOVES.items() if facts.status in sources]
    onward = [name for name in names if name != "cancel"]
    name = draw(st.sampled_from(["update", "update", *onward] * 2 + names))
    if name != "update":
        return Move(lesson_id, name, MARIA, None, **_other_times(facts))
    titles = st.sampled_from(["Algebra", "Geometry"]).map(lambda title: {"title": title})
    students = _students().map(lambda names: {"students": names})
    return Update(lesson_id, MARIA, None, draw(titles if facts.status == "in_progress" else titles | students))


@composite
def _students(draw: DrawFn) -> frozenset[str]:
    reach = draw(stage).story.reach
    return draw(st.frozensets(st.sampled_from([name for name in STUDENTS if reach[name].is_active]), min_size=1))


def lesson_ids() -> SearchStrategy[int]:
    return stage.flatmap(lambda stage: st.sampled_from([*stage.story.school.lessons]))


def _times(start: datetime) -> dict[str, datetime]:
    return {"start": start, "end": start + timedelta(hours=1)}


def _other_times(facts: Facts) -> dict[str, datetime]:
    later = timedelta(hours=2 if facts.start.hour % 4 == 0 else -2)
    return _times(facts.start + later)


# --- People ----------------------------------------------------------------------------------------------


@composite
def reaches(draw: DrawFn) -> dict[str, Any]:
    """How somebody is reached from now on. Bob stays active: somebody has to learn."""
    name = draw(st.sampled_from(STUDENTS))
    muted = draw(st.sampled_from([frozenset(), frozenset({"post"}), frozenset(CHANNELS)]))
    is_active = name == "bob" or draw(st.booleans())
    return {"name": name, "reach": Reach(is_active=is_active, has_email=draw(st.booleans()), muted=muted)}


# --- Delivery --------------------------------------------------------------------------------------------


@composite
def scripts(draw: DrawFn) -> list[Turn]:
    """For the first messages of a batch; the rest goes smoothly."""
    often = [FATES[name] for name in ("sent", "sent", "down", "kills")]
    fates = st.sampled_from([*often, *FATES.values()])
    may_freeze = len(draw(stage).frozen) < MOST_FROZEN
    freezes = st.sampled_from(["", "", "", "before", "after"] if may_freeze else [""])
    return draw(st.lists(st.builds(Turn, fates, freezes), min_size=1, max_size=3))


def pauses() -> SearchStrategy[timedelta]:
    """A tick, a launch lease, a circuit, each a little more; a retry's pause; more than an outage may take."""
    return st.sampled_from(
        [*(timedelta(seconds=s) for s in (11.2, 21.2, 31.2)), *(timedelta(hours=h) for h in (1, 20, 80))]
    )


# --- Acts ------------------------------------------------------------------------------------------------


ACTS: Table = [
    (3, always, act("time_passes", pause=pauses())),
    (6, always, act("a_lesson_changes", operation=changes())),
    (1, always, act("an_hour_before_a_lesson", lesson_id=lesson_ids())),
    (1, always, act("somebody_is_reached_otherwise", reaches())),
    (2, lambda s: s.runs, act("the_relay_reaps")),
    (2, always, act("the_relay_expands", limit=st.sampled_from([1, 100]))),
    (4, lambda s: s.was.deliveries, act("the_relay_claims", channel=st.sampled_from(sorted(CHANNELS)))),
    (1, lambda s: s.was.deliveries, act("the_launch_fails", channel=st.sampled_from(sorted(CHANNELS)))),
    (4, always, act("the_relay_passes")),
    (2, lambda s: s.runs, act("leases_run_out")),
    (16, lambda s: s.tasks, act("a_worker_delivers", task=one_of_the("tasks"), script=scripts(), again=st.booleans())),
    (3, lambda s: s.frozen, act("a_frozen_worker_thaws", worker=one_of_the("frozen"))),
    (1, lambda s: s.tasks, act("the_broker_loses_a_message", task=one_of_the("tasks"))),
    (2, lambda s: s.runs, act("a_run_is_closed", run_id=one_of_the("runs"))),
    (2, lambda s: s.dead, act("a_dead_letter_is_redelivered", delivery_id=one_of_the("dead"))),
]
