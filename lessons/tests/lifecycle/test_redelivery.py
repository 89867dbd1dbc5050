"""Asking for another try: who may, of what, and what happens when several do at once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from lessons import lifecycle
from lessons.lifecycle import ConcurrentChange, LessonNotFound, NotDead, NothingToRedeliver, NotPermitted
from lessons.models import Delivery, Dispatch, Lesson, LessonEvent, Redelivery, User
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import claim
from lessons.notifications.record import Result, record
from lessons.notifications.relay import run_relay
from lessons.notifications.take import take
from lessons.tests.notifications.aftermath import all_ended, died
from lessons.tests.notifications.deliveries import delivery, expand_all
from lessons.tests.people import draft
from lessons.tests.queues import empty_broker, waiting
from lessons.tests.racing import race

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def lesson(alice: User, bob: User) -> Lesson:
    """Nobody could be told of it by SMS."""
    return unheard_of(draft(alice, bob))


def unheard_of(lesson: Lesson, *, days_ago: float = 0) -> Lesson:
    expand_all()
    for row in Delivery.objects.filter(lesson=lesson, channel="sms", state="pending"):
        died(row, timedelta(days=days_ago), attempts=1)
    all_ended(event_of(lesson))
    return lesson


def event_of(lesson: Lesson) -> LessonEvent:
    return lesson.events.latest("id")


def dead(lesson: Lesson) -> list[int]:
    rows = Delivery.objects.filter(lesson=lesson, state="dead").order_by("id")
    return list(rows.values_list("pk", flat=True))


def one(lesson: Lesson, actor: User | None) -> list[int]:
    return lifecycle.redeliver_delivery(delivery_id=dead(lesson)[0], actor=actor, reason="please")


def all_of_it(lesson: Lesson, actor: User | None) -> list[int]:
    return lifecycle.redeliver_dispatch(dispatch_id=event_of(lesson).pk, actor=actor, reason="please")


def whole_channel(actor: User | None, channel: str = "sms") -> int:
    """All that died on it within the last hour."""
    return lifecycle.redeliver_channel(
        channel=channel, since=timezone.now() - HOUR, actor=actor, reason="the provider is back"
    )


WAYS = pytest.mark.parametrize("ask", [one, all_of_it])
Ask = Callable[[Lesson, User | None], list[int]]


# --- What is redelivered --------------------------------------------------------------------------------


def test_one_delivery_is_redelivered(lesson: Lesson, alice: User) -> None:
    first, second = dead(lesson)

    assert lifecycle.redeliver_delivery(delivery_id=first, actor=alice, reason="please") == [first]

    assert dead(lesson) == [second]
    assert list(Redelivery.objects.values_list("delivery", "actor", "reason")) == [(first, alice.pk, "please")]


def test_all_dead_deliveries_of_a_dispatch_are_redelivered(lesson: Lesson, alice: User) -> None:
    both = dead(lesson)

    assert lifecycle.redeliver_dispatch(dispatch_id=event_of(lesson).pk, actor=alice) == both

    assert dead(lesson) == []
    assert set(Delivery.objects.filter(channel="log").values_list("state", flat=True)) == {"sent"}
    assert list(Redelivery.objects.order_by("delivery").values_list("delivery", flat=True)) == both


@WAYS
def test_a_redelivery_wakes_the_relay(ask: Ask, lesson: Lesson, transactional_db: None) -> None:
    empty_broker()

    ask(lesson, None)

    assert waiting("control") == 1


@pytest.mark.parametrize("state", ["pending", "leased", "sent", "skipped"])
def test_a_delivery_that_is_not_dead_is_refused(state: str, lesson: Lesson, maria: User) -> None:
    row = delivery(event_of(lesson), lesson.teacher, "log")
    Delivery.objects.filter(pk=row.pk).update(state=state)

    with pytest.raises(NotDead):
        lifecycle.redeliver_delivery(delivery_id=row.pk, actor=maria)


def test_a_dispatch_of_which_nothing_is_dead_is_refused(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    all_ended(event_of(lesson))

    with pytest.raises(NothingToRedeliver):
        all_of_it(lesson, alice)

    assert Dispatch.objects.get().state == "delivered"


# --- Who may ----------------------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("who", ["alice", "maria", "root", None])
def test_the_lessons_teacher_managers_and_the_system_may(
    who: str | None, ask: Ask, lesson: Lesson, request: pytest.FixtureRequest
) -> None:
    actor = request.getfixturevalue(who) if who else None

    assert ask(lesson, actor)

    assert set(Redelivery.objects.values_list("actor", flat=True)) == {actor.pk if actor else None}


@WAYS
@pytest.mark.parametrize(
    ("who", "refusal"), [("bob", NotPermitted), ("carol", LessonNotFound), ("anna", LessonNotFound)]
)
def test_others_may_not_and_whoever_does_not_see_the_lesson_learns_nothing(
    who: str, refusal: type[Exception], ask: Ask, lesson: Lesson, request: pytest.FixtureRequest
) -> None:
    before = dead(lesson)

    with pytest.raises(refusal):
        ask(lesson, request.getfixturevalue(who))

    assert dead(lesson) == before
    assert not Redelivery.objects.exists()


@WAYS
def test_a_teacher_may_not_for_a_lesson_that_they_attend(ask: Ask, alice: User, anna: User) -> None:
    lesson = unheard_of(draft(alice, anna))

    with pytest.raises(NotPermitted):
        ask(lesson, anna)


@WAYS
@pytest.mark.parametrize("who", ["alice", "maria"])
def test_who_was_deactivated_finds_nothing(who: str, ask: Ask, lesson: Lesson, request: pytest.FixtureRequest) -> None:
    actor = request.getfixturevalue(who)
    actor.is_active = False

    with pytest.raises(LessonNotFound):
        ask(lesson, actor)


def test_what_does_not_exist_is_not_found_even_by_root(root: User) -> None:
    with pytest.raises(LessonNotFound):
        lifecycle.redeliver_delivery(delivery_id=10**9, actor=root)
    with pytest.raises(LessonNotFound):
        lifecycle.redeliver_dispatch(dispatch_id=10**9, actor=root)


# --- A whole channel ----------------------------------------------------------------------------------------


def test_all_that_died_on_a_channel_since_a_moment_is_redelivered(
    lesson: Lesson, alice: User, anna: User, carol: User, maria: User
) -> None:
    recent, long_ago = unheard_of(draft(anna, carol)), unheard_of(draft(alice, carol), days_ago=3)

    assert whole_channel(maria) == 4

    assert (dead(lesson), dead(recent), len(dead(long_ago))) == ([], [], 2)
    assert set(Redelivery.objects.values_list("actor", "reason")) == {(maria.pk, "the provider is back")}


def test_a_channel_is_redelivered_a_batch_at_a_time(
    lesson: Lesson, anna: User, carol: User, maria: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle.redelivery, "DELIVERIES_AT_ONCE", 3)
    unheard_of(draft(anna, carol))

    assert whole_channel(maria) == 4


def test_another_channel_is_left_alone(lesson: Lesson, maria: User) -> None:
    with pytest.raises(NothingToRedeliver):
        whole_channel(maria, "log")

    assert len(dead(lesson)) == 2


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_only_whoever_may_for_every_lesson_redelivers_a_channel(
    who: str, lesson: Lesson, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(NotPermitted):
        whole_channel(request.getfixturevalue(who))

    assert len(dead(lesson)) == 2


# --- Several at once ------------------------------------------------------------------------------------


def outcomes(results: list[Any]) -> set[type]:
    return {type(result) for result in results}


@pytest.mark.django_db(transaction=True)
def test_of_those_who_press_at_once_one_redelivers(lesson: Lesson, alice: User, maria: User) -> None:
    first, second = dead(lesson)

    results = race(
        [partial(lifecycle.redeliver_delivery, delivery_id=first, actor=actor) for actor in (alice, maria, None)]
    )
    assert sorted(map(repr, results)) == ["NotDead()", "NotDead()", f"[{first}]"]

    results = race([partial(all_of_it, lesson, actor) for actor in (alice, maria, None)])
    assert sorted(map(repr, results)) == ["NothingToRedeliver()", "NothingToRedeliver()", f"[{second}]"]
    assert Redelivery.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_dispatch_that_is_being_settled_is_open_once_something_of_it_is_redelivered(alice: User, bob: User) -> None:
    for _ in range(8):
        lesson = draft(alice, bob)
        expand_all()
        row = delivery(event_of(lesson), bob, "log")
        run = claim(REGISTRY["sms"])
        assert run is not None
        batches = [take(run.run.pk, batch) for batch in run.batches]
        results = [Result.sent(m.message.delivery_id, m.attempt, "", 0, 0) for batch in batches for m in batch]
        Delivery.objects.filter(lesson=lesson, channel="log", recipient=alice).update(state="sent")
        died(row, attempts=1)

        done = race(
            [
                partial(record, run_id=run.run.pk, task_id=None, channel="sms", results=results),
                partial(lifecycle.redeliver_dispatch, dispatch_id=event_of(lesson).pk, actor=alice),
            ]
        )

        assert done[1] == [row.pk]
        dispatch = Dispatch.objects.get(pk=event_of(lesson).pk)
        assert (dispatch.state, dispatch.settled_at, dispatch.dead) == ("delivering", None, None)
        Delivery.objects.filter(pk=row.pk).update(state="sent")


@pytest.mark.django_db(transaction=True)
def test_redeliveries_and_the_relay_do_not_get_in_each_others_way(alice: User, bob: User) -> None:
    lessons = [unheard_of(draft(alice, bob, title=f"Lesson {n}")) for n in range(6)]

    results = race(
        [
            *(partial(all_of_it, lesson, alice) for lesson in lessons),
            *[partial(whole_channel, None)] * 2,
            *[run_relay] * 3,
        ]
    )

    failures = [result for result in results if isinstance(result, Exception)]
    assert outcomes(failures) <= {NothingToRedeliver}
    assert Redelivery.objects.count() == 12
    assert not Delivery.objects.filter(state="dead").exists()
    assert not Dispatch.objects.filter(settled_at__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_behind_another_is_told_so(lesson: Lesson, alice: User) -> None:
    def impatient() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return all_of_it(lesson, alice)

    with transaction.atomic():
        Dispatch.objects.select_for_update(no_key=True).get(pk=event_of(lesson).pk)
        (refusal,) = race([impatient])

    assert isinstance(refusal, ConcurrentChange)
    assert len(dead(lesson)) == 2
