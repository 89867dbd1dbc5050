"""What the database says, read once after each step, in the model's terms; and the laws that it has to obey."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any

from lessons.models import Booking, Dispatch, Lesson, LessonEvent
from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.school import School

SAYS = {"start": "start_time", "end": "end_time", "old_start": "old_start_time", "old_end": "old_end_time"}


@dataclass(frozen=True)
class Records:
    lessons: dict[int, dict[str, Any]]
    students: dict[int, frozenset[str]]
    events: dict[int, list[dict[str, Any]]]  # of each lesson, oldest first
    dispatched: set[int]
    bookings: dict[int, set[tuple[str, datetime, datetime]]]

    @classmethod
    def read(cls, cast: Cast) -> "Records":
        students: dict[int, set[int]] = defaultdict(set)
        for lesson_id, user_id in Lesson.students.through.objects.values_list("lesson_id", "user_id"):
            students[lesson_id].add(user_id)
        events: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for event in LessonEvent.objects.order_by("id").values():
            events[event["lesson_id"]].append(event)
        bookings: dict[int, set[tuple[str, datetime, datetime]]] = defaultdict(set)
        for booking in Booking.objects.all():
            name = str(cast.name(booking.user_id))
            bookings[booking.lesson_id].add((name, booking.during.lower, booking.during.upper))
        return cls(
            lessons={row["id"]: row for row in Lesson.objects.values()},
            students=defaultdict(frozenset, {pk: cast.names(ids) for pk, ids in students.items()}),
            events=events,
            dispatched=set(Dispatch.objects.values_list("event_id", flat=True)),
            bookings=bookings,
        )


def lessons_are_as_foretold(records: Records, school: School, cast: Cast) -> None:
    real = {
        pk: (
            row["title"],
            cast.name(row["teacher_id"]),
            records.students[pk],
            row["start_time"],
            row["end_time"],
            row["status"],
            row["version"],
        )
        for pk, row in records.lessons.items()
    }
    assert real == {
        pk: (f.title, f.teacher, f.students, f.start, f.end, f.status, f.version) for pk, f in school.lessons.items()
    }


def every_success_has_its_event_and_nothing_else_has(records: Records, school: School, cast: Cast) -> None:
    for pk, facts in school.lessons.items():
        foretold = [(h.step.name, h.step.by, h.step.why, h.tells) for h in facts.history]
        events = records.events[pk]
        assert [
            (e["name"], cast.name(e["actor_id"]), e["reason"], cast.names(e["recipients"])) for e in events
        ] == foretold


def messages_will_say_what_was_so(records: Records, school: School, cast: Cast) -> None:
    for pk, facts in school.lessons.items():
        for event, happened in zip(records.events[pk], facts.history, strict=True):
            said = {SAYS.get(name, name): _stored(name, value, cast) for name, value in happened.says.items()}
            assert event["snapshot"].items() >= said.items()


def _stored(name: str, value: Any, cast: Cast) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if name == "left":
        return sorted(cast.ids(value))
    return cast.id(value) if name == "teacher" else value


def version_is_the_number_of_events(records: Records, school: School, cast: Cast) -> None:
    for pk, row in records.lessons.items():
        assert [event["seq"] for event in records.events[pk]] == list(range(1, row["version"] + 1))


def each_event_begins_where_the_last_one_ended(records: Records, school: School, cast: Cast) -> None:
    for pk, events in records.events.items():
        assert events[0]["source"] == ""
        assert all(earlier["target"] == later["source"] for earlier, later in pairwise(events))
        assert events[-1]["target"] == records.lessons[pk]["status"]


def whoever_is_to_be_told_has_a_dispatch(records: Records, school: School, cast: Cast) -> None:
    telling = {event["id"] for events in records.events.values() for event in events if event["recipients"]}
    assert records.dispatched == telling


def exactly_those_are_booked_who_are_taken(records: Records, school: School, cast: Cast) -> None:
    for pk, facts in school.lessons.items():
        assert records.bookings[pk] == {(person, facts.start, facts.end) for person in facts.booked}


def nobody_is_in_two_places(records: Records, school: School, cast: Cast) -> None:
    taken = [booking for of_lesson in records.bookings.values() for booking in of_lesson]
    for (person, start, end), (other, other_start, other_end) in combinations(taken, 2):
        assert person != other or end <= other_start or other_end <= start


LAWS: list[Callable[[Records, School, Cast], None]] = [
    lessons_are_as_foretold,
    every_success_has_its_event_and_nothing_else_has,
    messages_will_say_what_was_so,
    version_is_the_number_of_events,
    each_event_begins_where_the_last_one_ended,
    whoever_is_to_be_told_has_a_dispatch,
    exactly_those_are_booked_who_are_taken,
    nobody_is_in_two_places,
]
