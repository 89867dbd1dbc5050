"""History is written once: events are neither changed nor deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from lessons.models import LessonEvent, User
from lessons.models.event import HistoryIsImmutable
from lessons.tests.people import draft, tomorrow
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db


def rewrite(event: LessonEvent) -> None:
    event.reason = "it was never said"
    event.save()


REWRITES: list[Callable[[LessonEvent], Any]] = [
    rewrite,
    lambda event: event.save(update_fields=["reason"]),
    lambda event: event.delete(),
    lambda event: LessonEvent.objects.filter(pk=event.pk).update(reason="it was never said"),
    lambda event: LessonEvent.objects.filter(pk=event.pk).delete(),
    lambda event: LessonEvent.objects.bulk_update([event], ["reason"]),
    lambda event: LessonEvent.objects.update_or_create(pk=event.pk, defaults={"reason": "it was never said"}),
    lambda event: event.lesson.events.update(reason="it was never said"),
    lambda event: event.lesson.events.all().delete(),
]


@pytest.mark.parametrize("change", REWRITES)
def test_history_is_immutable(change: Callable[[LessonEvent], Any], alice: User) -> None:
    event = draft(alice).events.get()

    with nothing_written(), pytest.raises(HistoryIsImmutable):
        change(event)


def test_an_event_is_not_moved_to_another_lesson(alice: User) -> None:
    mine, other = draft(alice), draft(alice)

    with nothing_written(), pytest.raises(HistoryIsImmutable):
        other.events.add(mine.events.get())


def test_whoever_is_in_the_history_cannot_be_deleted(alice: User, maria: User) -> None:
    lesson = draft(alice)
    lesson.cancel(actor=maria)
    lesson.save()

    with pytest.raises(ProtectedError):
        maria.delete()


def test_a_version_has_one_event(alice: User) -> None:
    event = draft(alice).events.get()
    twin = LessonEvent(
        lesson=event.lesson, seq=event.seq, name="updated", recipients=[], start_time=event.start_time, snapshot={}
    )

    with pytest.raises(IntegrityError, match="event_seq_unique"), transaction.atomic():
        twin.save()


def test_an_occasion_is_written_once_per_start_time(alice: User) -> None:
    lesson = draft(alice)

    def remind(hour: int) -> None:
        start_time = tomorrow(hour)
        LessonEvent.objects.create(
            lesson=lesson, name="reminder", occasion="-1h", recipients=[], start_time=start_time, snapshot={}
        )

    remind(10)
    remind(12)  # the lesson was moved: another reminder
    with pytest.raises(IntegrityError, match="event_occasion_unique"), transaction.atomic():
        remind(10)
