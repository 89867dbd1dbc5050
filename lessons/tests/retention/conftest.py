"""Two channels, a quick one and a slow one."""

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _two_channels(settings: Settings) -> None:
    settings.NOTIFICATION_CHANNELS = ["log", "sms"]
