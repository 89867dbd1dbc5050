"""The table of events: whom each tells, and which messages it makes pointless."""

import pytest

from lessons.events import RULES, TRANSITION_EVENTS, EventName, supersedes
from lessons.models.lesson import TRANSITIONS
from lessons.tests.tables import EVERY, SUPERSEDED


def test_there_is_a_rule_for_every_event() -> None:
    assert set(RULES) == EVERY


def test_every_transition_has_an_event_of_its_own() -> None:
    assert tuple(TRANSITION_EVENTS) == TRANSITIONS
    assert len(set(TRANSITION_EVENTS.values())) == len(TRANSITIONS)


def test_teachers_are_told_everything_and_students_all_but_that_a_lesson_is_overdue() -> None:
    assert {name for name, rule in RULES.items() if rule.tells_teacher} == EVERY
    assert {name for name, rule in RULES.items() if rule.tells_students} == EVERY - {EventName.OVERDUE}


def test_only_a_cancellation_is_pointless_for_whom_never_heard_of_the_lesson() -> None:
    assert {name for name, rule in RULES.items() if rule.needs_earlier_message} == {EventName.CANCELLED}


@pytest.mark.parametrize("later", EventName)
@pytest.mark.parametrize("earlier", EventName)
def test_a_later_event_supersedes_an_earlier_one_as_promised(later: EventName, earlier: EventName) -> None:
    assert supersedes(later, earlier, earlier_changed_people=False) == (earlier in SUPERSEDED[later])


@pytest.mark.parametrize("later", EventName)
@pytest.mark.parametrize("earlier", EventName)
def test_a_change_of_who_takes_part_is_not_superseded_by_a_later_update(later: EventName, earlier: EventName) -> None:
    both_updates = later == earlier == EventName.UPDATED

    expected = not both_updates and earlier in SUPERSEDED[later]
    assert supersedes(later, earlier, earlier_changed_people=True) == expected


def test_what_came_from_the_database_as_text_is_understood() -> None:
    assert supersedes("cancelled", "created", earlier_changed_people=False)
