"""`manage.py relay`: what beat does, without beat."""

import time
from argparse import ArgumentParser
from typing import Any, NoReturn

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from lessons import tasks
from lessons.notifications.relay import run_relay


class Command(BaseCommand):
    help = (
        "One pass of the relay: reap, expand, claim, launch. "
        "With --loop, one every tick until Ctrl-C, with everything else that beat would start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until Ctrl-C")

    def handle(self, *args: Any, loop: bool, **options: Any) -> None:
        try:
            if loop:
                self._loop()
            self._pass()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _loop(self) -> NoReturn:
        """Each of beat's tasks, as often as beat would start it."""
        schedule: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
        due = dict.fromkeys(schedule, 0.0)
        while True:
            for name, entry in schedule.items():
                if time.monotonic() >= due[name]:
                    due[name] = time.monotonic() + entry["schedule"]
                    self._run(entry["task"])
            time.sleep(settings.TIMING.tick)
            close_old_connections()

    def _run(self, task: str) -> None:
        if task == tasks.relay.name:
            self._pass()
        else:
            current_app.tasks[task]()

    def _pass(self) -> None:
        done = run_relay()
        self.stdout.write(
            f"taken back {done.reaped}, expanded {done.expanded}, "
            f"launched {done.launched} runs with {done.deliveries} deliveries"
        )
        self.stdout.flush()  # whoever reads along through a pipe or in a file sees it now, not after 8 KB
