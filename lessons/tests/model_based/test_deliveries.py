"""Whatever happens to workers, messages and the relay, in whatever order: everybody is told, in order, and once."""

import logging
from functools import partial

import pytest
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from lessons.notifications.channels import REGISTRY
from lessons.tests.model_based.deliveries.machine import DeliveriesMachine
from lessons.tests.model_based.deliveries.world import CHANNELS
from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.profiles import profile


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_everybody_is_told_once_and_in_order(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="lessons")
    for room in ("expand", "redeliver"):  # so that some messages come to their limit
        monkeypatch.setattr(f"lessons.notifications.{room}.ATTEMPT_LIMIT", 2)
    settings.NOTIFICATION_CHANNELS = sorted(CHANNELS)
    for name, channel in CHANNELS.items():
        monkeypatch.setitem(REGISTRY, name, channel)

    run_state_machine_as_test(partial(DeliveriesMachine, Cast.gather()), settings=profile(examples=18))
