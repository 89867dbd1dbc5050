"""Much at once: slow channels fill every slot, quick ones go in large batches, and the order holds under load."""

from datetime import timedelta
from functools import partial

import pytest

from backend.gateway import Gateway
from backend.stack.processes import Process
from lessons import lifecycle
from lessons.models import ChordRun, Delivery, DeliveryAttempt, Dispatch, Lesson, User
from lessons.models.outbox import notifying_over
from lessons.notifications.relay import run_relay
from lessons.policies import Role
from lessons.tests.flow.progress import everything_arrived_once, is_quiet, is_settled
from lessons.tests.people import Student, draft, tomorrow
from lessons.tests.racing import race
from lessons.tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def time_scale() -> float:
    """The real limits: this is about work, not about waiting."""
    return 1.0


def test_four_sms_on_four_slots_take_about_as_long_as_one(worker: Process, gateway: Gateway, alice: User) -> None:
    draft(alice, *Student.create_batch(3))
    wait_until(is_settled)  # nothing is done for the first time any more
    latency = 0.4
    gateway.provider.faults.update({"latency_seconds": latency})
    gateway.provider.traffic.clear()

    with notifying_over(["sms"]):
        draft(alice, *Student.create_batch(3))
    seconds = wait_until(is_settled)

    print(f"four SMS of {latency} s each: {seconds:.2f} s")  # noqa: T201 - a figure to be seen with -s
    assert gateway.provider.traffic.stats()["max_in_flight"] == 4
    assert latency <= seconds < 2.5 * latency


def test_ten_thousand_recipients_are_told_by_chords_of_modest_size(worker: Process, alice: User) -> None:
    students = User.objects.bulk_create(
        User(username=f"student_{number}", role=Role.STUDENT, password="!") for number in range(9_999)
    )

    with notifying_over(["log"]):
        draft(alice, *students)
    seconds = wait_until(is_settled)

    tasks = ChordRun.objects.get().size
    print(f"10,000 recipients over the log: {seconds:.2f} s in {tasks} tasks")  # noqa: T201 - a figure to be seen with -s
    dispatch = Dispatch.objects.get()
    assert (dispatch.state, dispatch.total, dispatch.sent) == ("delivered", 10_000, 10_000)
    assert max(run.size for run in ChordRun.objects.all()) <= 200


def test_a_slow_channel_does_not_hold_up_a_quick_one_on_the_same_slots(
    worker: Process, gateway: Gateway, alice: User, anna: User
) -> None:
    gateway.provider.faults.update({"latency_seconds": 0.5})
    with notifying_over(["sms"]):
        draft(alice, *Student.create_batch(31))
    wait_until(lambda: gateway.provider.traffic.stats()["in_flight"] == 4)
    students = User.objects.bulk_create(
        User(username=f"student_{number}", role=Role.STUDENT, password="!") for number in range(5_999)
    )

    with notifying_over(["log"]):
        lesson = draft(anna, *students)
    wait_until(lambda: is_settled(lesson))
    wait_until(is_quiet)

    # Taken in turn, each of the log's 30 tasks would have let an SMS go first.
    launched = ChordRun.objects.filter(channel="log").earliest("started_at").started_at
    logged = DeliveryAttempt.objects.filter(delivery__channel="log").latest("started_at").started_at
    meanwhile = DeliveryAttempt.objects.filter(delivery__channel="sms", started_at__range=(launched, logged))
    assert meanwhile.count() <= 15
    assert not ChordRun.objects.filter(state="lost").exists()


def live(lesson: Lesson, teacher: User) -> None:
    """A lesson's whole life, faster than anybody can be told of it."""
    for change in (lifecycle.schedule_lesson, lifecycle.start_lesson, lifecycle.complete_lesson):
        change(lesson_id=lesson.pk, actor=teacher)


def test_under_load_each_message_arrives_once_and_in_order_or_has_become_pointless(
    worker: Process, gateway: Gateway, alice: User, bob: User
) -> None:
    gateway.provider.faults.update({"latency_seconds": 0.01})
    lessons = [draft(alice, bob, at=tomorrow() + timedelta(hours=2 * number)) for number in range(12)]

    race([*(partial(live, lesson, alice) for lesson in lessons), *[run_relay] * 4])
    wait_until(lambda: run_relay() and is_quiet(), within_seconds=30)

    assert everything_arrived_once(gateway)
    states = set(Delivery.objects.values_list("state", "last_error"))
    assert states <= {("sent", ""), ("skipped", "superseded")}
    completed = Delivery.objects.filter(dispatch__event__name="completed")
    assert (completed.count(), set(completed.values_list("state", flat=True))) == (12 * 2 * 3, {"sent"})


def test_of_relays_at_once_each_delivery_is_in_one_run(worker: Process, gateway: Gateway, alice: User) -> None:
    for number in range(10):
        draft(alice, *Student.create_batch(2), title=f"Lesson {number}")

    race([run_relay] * 6)
    wait_until(is_quiet)

    assert everything_arrived_once(gateway)
    assert gateway.provider.traffic.stats()["raw"] == 30
    assert Delivery.objects.filter(attempt_count=1, state="sent").count() == 90
    assert sum(run.delivery_count for run in ChordRun.objects.all()) == 90
