"""One batch: taken, sent, recorded; what one message suffers costs its neighbours nothing."""

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

import pytest
from pytest_django import Settings

from backend.timing import Timing
from lessons.models import Channel as ChannelRow
from lessons.models import Delivery, User
from lessons.notifications.channels import REGISTRY, Channel, SendError, Sent
from lessons.notifications.delivery import deliver_batch
from lessons.notifications.messages import Message
from lessons.notifications.retry import ATTEMPT_LIMIT, TASK_RETRIES
from lessons.tests.notifications.deliveries import claimed, expand_all
from lessons.tests.people import Student, draft
from lessons.tests.queues import empty_broker, waiting

pytestmark = pytest.mark.django_db
DOWN = SendError("connection refused", channel_down=True)
TIMED_OUT = SendError("no answer", suspicious=True)


class Post(Channel):
    """A channel whose outcomes a test says in advance, by the recipient; everybody else's messages are sent."""

    name: ClassVar[str] = "log"
    batch_size: ClassVar[int] = 10
    window: ClassVar[int] = 100

    def __init__(self) -> None:
        self.outcomes: dict[int, Exception] = {}
        self.before_each: Callable[[], object] = lambda: None
        self.handed_over: list[int] = []

    def send(self, message: Message) -> Sent:
        self.before_each()
        self.handed_over.append(message.recipient.id)
        if outcome := self.outcomes.get(message.recipient.id):
            raise outcome
        return Sent()


class PostOfficeThatDiesOf(Post):
    """Breaks down as a whole over one recipient, as a generator does that raised."""

    def send_all(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Sent | SendError]]:
        for message in messages:
            yield message, self.send(message)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    channel = Post()
    monkeypatch.setitem(REGISTRY, "log", channel)
    return channel


@pytest.fixture
def people(alice: User) -> list[User]:
    """Alice and three students, of whom a batch tells in this order."""
    students = Student.create_batch(3)
    draft(alice, *students)
    expand_all()
    return [alice, *students]


def delivered(retries: int = 0) -> float | None:
    claim = claimed("log")
    return deliver_batch(run_id=claim.run.pk, delivery_ids=claim.batches[0], task_id=None, retries=retries)


def rows() -> list[tuple[str, int, int]]:
    """State, attempts and extra attempts of each delivery."""
    found = Delivery.objects.filter(channel="log").order_by("id")
    return [(row.state, row.attempt_count, row.attempt_limit - ATTEMPT_LIMIT) for row in found]


def test_a_batch_is_sent_and_recorded(post: Post, people: list[User]) -> None:
    assert delivered() is None

    assert post.handed_over == [person.pk for person in people]
    assert rows() == [("sent", 1, 0)] * 4


def test_one_failure_costs_the_others_nothing(post: Post, people: list[User]) -> None:
    post.outcomes = {people[1].pk: SendError("no such number", permanent=True), people[2].pk: SendError("try later")}

    assert delivered() is None

    assert rows() == [("sent", 1, 0), ("dead", 1, 0), ("pending", 1, 0), ("sent", 1, 0)]


@pytest.mark.parametrize("office", [Post, PostOfficeThatDiesOf])
def test_a_message_that_breaks_the_channel_costs_the_others_nothing(
    office: type[Post], people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = office()
    channel.outcomes = {people[1].pk: ZeroDivisionError("a bug")}
    monkeypatch.setitem(REGISTRY, "log", channel)

    assert delivered() is None

    assert rows() == [("sent", 1, 0), ("pending", 1, 0), ("sent", 1, 0), ("sent", 1, 0)]
    broken = Delivery.objects.get(channel="log", state="pending")
    assert broken.last_error == "ZeroDivisionError in the channel"


def test_a_channel_that_is_down_is_not_asked_again_by_this_batch(post: Post, people: list[User]) -> None:
    post.outcomes = {people[1].pk: DOWN}

    retry_seconds = delivered()

    assert retry_seconds is not None
    assert post.handed_over == [people[0].pk, people[1].pk]
    assert rows() == [("sent", 1, 0), ("leased", 1, 1), ("pending", 0, 0), ("pending", 0, 0)]
    assert ChannelRow.objects.get(name="log").open_until is not None


def test_a_task_that_may_not_retry_leaves_it_to_the_long_schedule(post: Post, people: list[User]) -> None:
    post.outcomes = {people[0].pk: DOWN}

    assert delivered(retries=TASK_RETRIES) is None

    assert rows()[0] == ("pending", 1, 1)


def test_time_outs_of_several_people_in_a_row_mean_that_the_channel_is_down(post: Post, people: list[User]) -> None:
    post.outcomes = {person.pk: TIMED_OUT for person in people[:3]}
    post.outcomes[people[3].pk] = SendError("try later")

    assert delivered() is not None

    assert rows() == [("leased", 1, 1), ("leased", 1, 1), ("leased", 1, 1), ("pending", 1, 0)]


def test_time_outs_with_a_success_after_them_are_the_messages_own(post: Post, people: list[User]) -> None:
    post.outcomes = {person.pk: TIMED_OUT for person in people[:3]}

    assert delivered() is None

    assert rows() == [("pending", 1, 0), ("pending", 1, 0), ("pending", 1, 0), ("sent", 1, 0)]
    assert ChannelRow.objects.get(name="log").open_until is None


def test_what_a_batch_does_not_get_to_in_time_goes_back_uncounted_and_wakes_the_relay(
    post: Post, people: list[User], settings: Settings
) -> None:
    settings.TIMING = Timing(batch=0)  # the first message uses all of it up

    delivered()

    assert post.handed_over == [people[0].pk]
    assert rows() == [("sent", 1, 0), ("pending", 0, 0), ("pending", 0, 0), ("pending", 0, 0)]
    assert waiting("control") == 1


def test_a_second_copy_of_the_task_sends_nothing(post: Post, people: list[User]) -> None:
    claim = claimed("log")
    for _ in range(2):
        deliver_batch(run_id=claim.run.pk, delivery_ids=claim.batches[0], task_id=None, retries=0)

    assert len(post.handed_over) == 4


def test_a_channel_that_works_again_wakes_the_relay_for_what_waited(post: Post, people: list[User]) -> None:
    post.outcomes = {people[0].pk: DOWN}
    delivered()
    empty_broker()
    post.outcomes = {}
    ChannelRow.objects.update(open_until=None, failing_recipients=[1])

    delivered()

    assert waiting("control") == 1
