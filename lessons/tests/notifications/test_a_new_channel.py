"""A channel is one class and one line in the registry: this one is added as CONTRIBUTING says, and works."""

from typing import ClassVar

import pytest
from pytest_django import Settings

from lessons.models import ChordRun, Delivery, User
from lessons.notifications.channels import REGISTRY, Channel, SendError, Sent
from lessons.notifications.claim import claim
from lessons.notifications.delivery import deliver_batch
from lessons.notifications.launch import launch
from lessons.notifications.messages import Message, render_text
from lessons.tests.notifications.deliveries import expand_all
from lessons.tests.people import draft
from lessons.tests.queues import take_all

pytestmark = pytest.mark.django_db


class PigeonChannel(Channel):
    """Carries letters; for want of a loft in the profile, to whoever has a phone."""

    name: ClassVar[str] = "pigeon"
    address_field: ClassVar[str | None] = "phone"
    batch_size: ClassVar[int] = 2

    def __init__(self) -> None:
        self.flights: list[tuple[str, str]] = []

    def send(self, message: Message) -> Sent:
        if message.recipient.full_name == "Carol":
            raise SendError("no loft there", permanent=True)
        self.flights.append((message.recipient.phone, render_text(message)))
        return Sent(f"feather-{len(self.flights)}")


@pytest.fixture
def pigeons(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> PigeonChannel:
    channel = PigeonChannel()
    monkeypatch.setitem(REGISTRY, "pigeon", channel)
    settings.NOTIFICATION_CHANNELS = ["log", "pigeon"]
    return channel


def test_it_carries_messages_from_the_dispatch_to_the_row(
    pigeons: PigeonChannel, alice: User, bob: User, carol: User
) -> None:
    draft(alice, bob, carol)
    expand_all()
    claimed = claim(pigeons)
    assert claimed is not None
    assert [len(batch) for batch in claimed.batches] == [2, 1]

    for batch in claimed.batches:
        deliver_batch(run_id=claimed.run.pk, delivery_ids=batch, task_id=None, retries=0)

    rows = Delivery.objects.filter(channel="pigeon").order_by("recipient_id")
    assert [(row.recipient_id, row.state, row.provider_id) for row in rows] == [
        (alice.pk, "sent", "feather-1"),
        (bob.pk, "sent", "feather-2"),
        (carol.pk, "dead", ""),
    ]
    assert [to for to, _ in pigeons.flights] == [alice.phone, bob.phone]
    assert "has been planned for you" in pigeons.flights[1][1]


def test_its_tasks_have_a_queue_of_their_own(pigeons: PigeonChannel, alice: User, bob: User) -> None:
    draft(alice, bob)
    expand_all()
    claimed = claim(pigeons)
    assert claimed is not None

    assert launch(claimed)

    assert len(take_all("deliver.pigeon")) == ChordRun.objects.get().size == 1


def test_who_cannot_be_reached_over_it_is_skipped(pigeons: PigeonChannel, alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(phone="")
    draft(alice, bob)
    expand_all()

    bobs = Delivery.objects.get(channel="pigeon", recipient=bob)

    assert (bobs.state, bobs.last_error) == ("skipped", "no_address")
