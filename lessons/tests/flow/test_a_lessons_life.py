"""Read this first: the life of one lesson, and how everybody comes to know of it.

Alice plans a lesson for Bob and Carol. Each change is saved together with an event and a dispatch, the duty to tell
people of it. The commit wakes the relay, which makes deliveries of the dispatch, one per person and channel, and sends
them off as Celery chords, one per channel. A real worker carries them out; the gateway stands in for the SMS provider
and for people's mail server.
"""

from typing import Any

import pytest

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons import lifecycle
from lessons.models import ChordRun, Delivery, Lesson, User
from lessons.tests.flow.events import TaskEvents
from lessons.tests.flow.progress import everything_arrived_once, is_settled, mailbox_of, phone_of, runs_are_closed
from lessons.tests.people import tomorrow
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lessons_life(
    worker: Process, gateway: Gateway, task_events: TaskEvents, alice: User, bob: User, carol: User
) -> None:
    # Alice plans a lesson for tomorrow. It is a draft, and everybody hears of it.
    lesson = lifecycle.create_lesson(
        actor=alice, title="Algebra", students=[bob.pk, carol.pk], start_time=tomorrow(10), end_time=tomorrow(11)
    )
    everybody_is_told(lesson, "created")

    # She fixes it; from now on all three are booked. Then it starts, and in the end it is over.
    everybody_is_told(lifecycle.schedule_lesson(lesson_id=lesson.pk, actor=alice), "scheduled")
    everybody_is_told(lifecycle.start_lesson(lesson_id=lesson.pk, actor=alice), "started")
    everybody_is_told(lifecycle.complete_lesson(lesson_id=lesson.pk, actor=alice), "completed")

    # Bob got four messages, in the order of what happened; so did Carol, in Russian and on Moscow's clock.
    bobs, carols = phone_of(gateway, bob), phone_of(gateway, carol)
    assert "has been planned for you" in bobs[0]
    assert "10:00–11:00 UTC" in bobs[1]
    assert bobs[2:] == ["The lesson “Algebra” has started.", "The lesson “Algebra” is over. Thank you!"]
    assert "13:00–14:00 MSK" in carols[1]
    assert carols[2:] == ["Урок «Algebra» начался.", "Урок «Algebra» завершён. Спасибо!"]
    assert everything_arrived_once(gateway)

    # Their e-mails brought the lesson into their calendars.
    subjects = [mail["subject"] for mail in mailbox_of(gateway, bob)]
    assert subjects == [
        f"{what}: Algebra" for what in ("New lesson", "Lesson confirmed", "Lesson started", "Lesson over")
    ]
    assert [mail["attachments"] for mail in mailbox_of(gateway, carol)] == [[], ["lesson.ics"], [], []]

    # The worker's log says the same.
    log = worker.log.read_text()
    assert log.count(f"Notification sent to student {bob.pk} for lesson Algebra\n") == 4
    assert log.count(f"Уведомление отправлено студенту {carol.pk} по уроку Algebra\n") == 4

    # Each delivery took one try, in a task of the run that carried it.
    for delivery in Delivery.objects.select_related("run"):
        attempt = delivery.attempts.get()
        assert (attempt.number, attempt.outcome, attempt.run_id) == (1, "sent", delivery.run_id)
        assert attempt.task_id in delivery.run.task_ids

    # Every run is closed, with its report. All its tasks, the chord's body included, carry its id as their root id:
    # this is how Flower groups them. It also holds for a chord of a single task, as the log's are.
    wait_until(runs_are_closed)
    wait_until(lambda: flowers_picture(task_events) == picture_of_the_runs())
    assert {run.state for run in ChordRun.objects.all()} == {"closed"}
    assert sum(run.report["sent"] for run in ChordRun.objects.all()) == Delivery.objects.count() == 4 * 3 * 3
    assert {run.size for run in ChordRun.objects.filter(channel="log")} == {1}


def everybody_is_told(lesson: Lesson, what: str) -> None:
    """Wait until the latest event's dispatch is settled: Alice, Bob and Carol were told over all three channels."""
    event = lesson.latest_event
    assert event is not None
    wait_until(lambda: is_settled(lesson))
    assert (event.name, event.dispatch.state) == (what, "pending")  # as it was when Alice got her answer
    event.dispatch.refresh_from_db()
    assert (event.dispatch.state, event.dispatch.total, event.dispatch.sent) == ("delivered", 9, 9)


def flowers_picture(task_events: TaskEvents) -> dict[str, Any]:
    return {root: names for root, names in task_events.names_by_root().items() if names != ["lessons.relay"]}


def picture_of_the_runs() -> dict[str, Any]:
    return {str(run.pk): ["lessons.close_run", *["lessons.deliver"] * run.size] for run in ChordRun.objects.all()}
