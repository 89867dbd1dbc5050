"""`manage.py relay`: what beat does, without beat."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from lessons.notifications.relay import run_relay


class Command(BaseCommand):
    help = "One pass of the relay: reap, expand, claim, launch. With --loop, one every tick until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until Ctrl-C")

    def handle(self, *args: Any, loop: bool, **options: Any) -> None:
        try:
            self._pass()
            while loop:
                time.sleep(settings.TIMING.tick)
                close_old_connections()
                self._pass()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _pass(self) -> None:
        done = run_relay()
        self.stdout.write(
            f"taken back {done.reaped}, expanded {done.expanded}, "
            f"launched {done.launched} runs with {done.deliveries} deliveries"
        )
