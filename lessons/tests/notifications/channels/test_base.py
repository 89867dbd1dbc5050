"""Who was reachable when a message was made, and is not any more when it is sent."""

from typing import Any

import pytest

from lessons.models import Delivery, User
from lessons.notifications.delivery import deliver_batch
from lessons.tests.notifications.deliveries import claimed, put
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("channel", "change", "why"),
    [
        ("sms", {"phone": ""}, "no_address"),
        ("sms", {"is_active": False}, "inactive"),
        ("email", {"email": ""}, "no_address"),
        ("email", {"is_active": False}, "inactive"),
        ("log", {"is_active": False}, "inactive"),
    ],
)
def test_a_message_to_nobody_is_given_up_at_once_and_says_why(
    channel: str, change: dict[str, Any], why: str, alice: User, bob: User, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.NOTIFICATION_CHANNELS = [channel]
    draft(alice, bob)
    claim = claimed(channel)
    bobs = Delivery.objects.get(recipient=bob)
    put(bob, **change)

    deliver_batch(run_id=claim.run.pk, delivery_ids=[bobs.pk], task_id=None, retries=0)

    bobs.refresh_from_db()
    assert (bobs.state, bobs.last_error, bobs.attempts.get().outcome) == ("dead", why, "permanent")
    assert mailoutbox == []
