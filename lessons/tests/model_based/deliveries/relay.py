"""The relay's steps that promise something of their own, with what they promise."""

from datetime import timedelta

from django.db.models import F

from lessons.models import Channel as ChannelRow
from lessons.models import ChordRun, Delivery, DeliveryAttempt
from lessons.notifications.channels import Channel
from lessons.notifications.claim import Claim, claim
from lessons.notifications.reap import reap
from lessons.tests.model_based.deliveries.clock import database_now

LAUNCH_GRACE = timedelta(seconds=20)


def reap_as_promised() -> None:
    """Every expired lease is taken back and makes its run a lost one; every run that is over is closed."""
    now = database_now()
    expired = dict(Delivery.objects.filter(state="leased", lease_until__lt=now).values_list("id", "run_id"))
    reap()
    leased = dict(Delivery.objects.filter(state="leased").values_list("id", "run_id"))
    assert not expired.keys() & leased.keys()
    assert not ChordRun.objects.filter(pk__in=expired.values()).exclude(state="lost").exists()
    open_runs = ChordRun.objects.filter(closed_at=None, started_at__lt=now - LAUNCH_GRACE)
    assert set(open_runs.values_list("id", flat=True)) <= set(leased.values())


def claim_as_promised(channel: Channel) -> Claim | None:
    """What is leased fits into the window, and into batches; an open circuit lets nothing through, then one probe."""
    row = ChannelRow.objects.filter(pk=channel.name).first()
    free = channel.window - Delivery.objects.filter(channel=channel.name, state="leased").count()
    claimed = claim(channel)
    if claimed is None:
        return None
    held = [pk for batch in claimed.batches for pk in batch]
    assert sorted(held) == sorted(claimed.run.deliveries.filter(state="leased").values_list("id", flat=True))
    assert not (row and row.open_until and row.open_until > database_now())
    assert 0 < len(held) <= (1 if row and row.open_until else free)
    assert all(len(batch) <= channel.batch_size for batch in claimed.batches)
    last_tries = DeliveryAttempt.objects.filter(delivery__in=held, number=F("delivery__attempt_count"))
    poisonous = set(last_tries.filter(outcome="lost").values_list("delivery_id", flat=True))
    assert all(len(batch) == 1 for batch in claimed.batches if poisonous & set(batch))
    return claimed
