"""What went out in one minute over one channel: the monitor's charts read these, not millions of attempts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

# Seconds from event to delivery: the upper bounds of the counters in `waits`, which has one more for what took longer.
WAIT_BOUNDS = (0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600, 21_600, 86_400)


class DeliveryMinute(models.Model):
    """Written when a chord run is closed, by `lessons.notifications.close` alone: each attempt is counted once.

    `waits`: how many messages were delivered within which time; redeliveries, which nobody waited for, left out.
    """

    channel = models.CharField(max_length=20)
    minute = models.DateTimeField()
    sent = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    lost = models.PositiveIntegerField()
    waits = ArrayField(models.PositiveIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["minute", "channel"], name="delivery_minute_once")]

    def __str__(self) -> str:
        return f"{self.channel} {self.minute:%Y-%m-%d %H:%M}: {self.sent}"
