"""The screens to look at: they open for staff, change nothing, and cost the same however much they show."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lessons.models import (
    AttemptOutcome,
    Channel,
    ChordRun,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Dispatch,
    Lesson,
    LessonEvent,
    Redelivery,
    RunState,
    User,
)
from lessons.notifications.expand import expand
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import LOGIN, add_page, list_of, log_of, page_of
from lessons.tests.notifications.aftermath import in_every_state
from lessons.tests.people import Student, scheduled, tomorrow

pytestmark = pytest.mark.django_db

LISTS = [Lesson, LessonEvent, Dispatch, Delivery, ChordRun, Channel, User]
READ_ONLY = [LessonEvent, Dispatch, Delivery, ChordRun]


def told_of(lesson: Lesson, state: DeliveryState = DeliveryState.SENT) -> Delivery:
    """The lesson's first delivery, tried once in a run of its own."""
    expand()
    Channel.objects.get_or_create(name="log", defaults={"window": 5})
    delivery = Delivery.objects.filter(lesson=lesson).earliest("id")
    now = timezone.now()
    run = ChordRun.objects.create(channel=delivery.channel, size=3, delivery_count=7, task_ids=[uuid.uuid4()])
    delivery.run, delivery.batch, delivery.state = run, 0, state
    delivery.attempt_count, delivery.last_error = 1, "provider is <away>"
    delivery.save()
    DeliveryAttempt.objects.create(
        delivery=delivery, number=1, started_at=now, ended_at=now, outcome=AttemptOutcome.TRANSIENT, run=run
    )
    return delivery


def fill(teacher: User, student: User, first: int, last: int) -> None:
    for number in range(first, last):
        Student(username=f"student_{number}")
        Channel.objects.create(name=f"channel_{number}", window=1)
        told_of(scheduled(teacher, student, title=f"Lesson {number}", at=tomorrow() + timedelta(days=number)))


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("model", LISTS)
def test_a_list_costs_as_many_queries_for_ten_rows_as_for_three(
    marias: Client, alice: User, bob: User, model: type[Model]
) -> None:
    fill(alice, bob, 0, 3)
    queries(marias, list_of(model))  # what is looked up once per process
    three = queries(marias, list_of(model))
    fill(alice, bob, 3, 10)

    assert queries(marias, list_of(model)) == three
    assert three <= 6


def test_the_page_of_a_lesson_costs_the_same_however_long_its_history(marias: Client, alice: User, bob: User) -> None:
    short, long = scheduled(alice, bob), scheduled(alice, bob, at=tomorrow(14))
    for hour in (15, 16, 17):
        long.reschedule(start_time=tomorrow(hour), end_time=tomorrow(hour + 1), actor=alice)
        long.save()
    queries(marias, page_of(short))

    assert queries(marias, page_of(long)) == queries(marias, page_of(short))


@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("client", ["marias", "roots"])
def test_staff_see_every_list_and_page(
    alice: User, bob: User, model: type[Model], client: str, request: pytest.FixtureRequest
) -> None:
    told_of(scheduled(alice, bob))
    browser = request.getfixturevalue(client)

    assert browser.get(list_of(model)).status_code == 200
    assert browser.get(page_of(model._default_manager.first())).status_code == 200


@pytest.mark.parametrize("model", [*READ_ONLY, Channel, User])
def test_a_teacher_with_staff_access_sees_none_but_the_lessons(alice: User, bob: User, model: type[Model]) -> None:
    told_of(scheduled(alice, bob))
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client = logged_in(alice)

    assert client.get(list_of(model)).status_code == 403
    assert client.get(page_of(model._default_manager.first())).status_code == 403


@pytest.mark.parametrize("model", [*LISTS])
def test_a_student_sees_nothing(bob: User, model: type[Model]) -> None:
    assert logged_in(bob).get(list_of(model)).headers["Location"].startswith(LOGIN)


@pytest.mark.parametrize("model", READ_ONLY)
def test_not_even_an_administrator_writes_on_a_screen_to_look_at(
    roots: Client, alice: User, bob: User, model: type[Model]
) -> None:
    told_of(scheduled(alice, bob))
    rows = model._default_manager
    before, row = list(rows.order_by("pk").values()), rows.first()

    added = roots.post(add_page(model), {"name": "created"})
    changed = roots.post(page_of(row), {"name": "overdue", "state": "dead", "channel": "sms"})
    deleted = roots.post(page_of(row).replace("/change/", "/delete/"), {"post": "yes"})
    roots.post(list_of(model), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})

    assert [answer.status_code for answer in (added, changed, deleted)] == [403, 403, 403]
    assert list(rows.order_by("pk").values()) == before


def test_a_delivery_shows_its_tries_and_who_asked_for_another(
    marias: Client, alice: User, bob: User, maria: User
) -> None:
    delivery = told_of(scheduled(alice, bob), DeliveryState.PENDING)
    Redelivery.objects.create(delivery=delivery, actor=maria, reason="she never got it")

    page = marias.get(page_of(delivery)).content.decode()

    assert '<span class="chip chip-transient">failed for now</span>' in page
    assert "provider is &lt;away&gt;" in page
    assert "she never got it" in page
    for row in (delivery.dispatch, delivery.run, delivery.lesson, delivery.recipient):
        assert page_of(row) in page


def test_a_dispatch_shows_how_far_it_is(marias: Client, alice: User, bob: User) -> None:
    dispatch = told_of(scheduled(alice, bob)).dispatch

    page = marias.get(page_of(dispatch)).content.decode()

    assert "<dt>Sent</dt><dd>1</dd>" in page
    assert f"{list_of(Delivery)}?dispatch__exact={dispatch.pk}" in page
    assert marias.get(f"{list_of(Delivery)}?dispatch__exact={dispatch.pk}").context["cl"].result_count == (
        Delivery.objects.filter(dispatch=dispatch).count()
    )


def test_dispatches_are_filtered_by_the_state_that_they_show(marias: Client, alice: User, bob: User) -> None:
    for state, dispatch in in_every_state(alice, bob).items():
        found = marias.get(list_of(Dispatch), {"state": state}).context["cl"].result_list

        assert [(row.pk, row.state) for row in found] == [(dispatch.pk, state)]


def test_a_run_shows_how_far_it_is(marias: Client, alice: User, bob: User) -> None:
    run = told_of(scheduled(alice, bob), DeliveryState.LEASED).run

    page = marias.get(page_of(run)).content.decode()

    assert '<progress value="2" max="3"></progress> 2/3' in page
    assert str(run.task_ids[0]) in page
    assert marias.get(f"{list_of(Delivery)}?run__exact={run.pk}").context["cl"].result_count == 1


def test_a_closed_run_shows_its_report(marias: Client) -> None:
    run = ChordRun.objects.create(
        channel="log", size=3, delivery_count=7, state=RunState.CLOSED, closed_at=timezone.now(), report={"sent": 7}
    )

    page = marias.get(page_of(run)).content.decode()

    assert "3/3" in page
    assert "<dt>Sent</dt><dd>7</dd>" in page


def test_an_event_shows_whom_it_tells(marias: Client, alice: User, bob: User) -> None:
    event = scheduled(alice, bob).events.latest("id")

    page = marias.get(page_of(event)).content.decode()

    assert page_of(alice) in page
    assert page_of(bob) in page
    assert page_of(event.dispatch) in page
    assert "draft → scheduled" in page


def test_an_administrator_sets_a_channels_window_and_nothing_else(roots: Client, root: User) -> None:
    channel = Channel.objects.get_or_create(name="log", defaults={"window": 5})[0]

    roots.post(page_of(channel), {"window": 7, "name": "sms", "open_until_0": "2030-01-01", "open_until_1": "10:00"})

    changed = Channel.objects.get(name="log")
    assert (changed.window, changed.open_until) == (7, channel.open_until)
    assert len(log_of(root)) == 1


def test_a_manager_does_not_set_a_channels_window(marias: Client) -> None:
    channel = Channel.objects.get_or_create(name="log", defaults={"window": 5})[0]

    assert marias.post(page_of(channel), {"window": 7}).status_code == 403
    assert Channel.objects.get(name="log").window == channel.window


def test_a_provider_that_is_left_alone_is_seen(marias: Client) -> None:
    Channel.objects.update_or_create(
        name="log", defaults={"window": 5, "open_until": timezone.now() + timedelta(minutes=1)}
    )

    assert '<span class="chip chip-open">left alone</span>' in marias.get(list_of(Channel)).content.decode()
