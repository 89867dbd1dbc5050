"""`manage.py check_invariants`: whether the rows are whole. After a restore, and whenever in doubt."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lessons.invariants import INVARIANTS, broken


class Command(BaseCommand):
    help = "Read all lessons, events, bookings and deliveries, and say what does not fit together (exit code 1)."

    def handle(self, *args: Any, **options: Any) -> None:
        found = {one.name: one for one in broken()}
        for invariant in INVARIANTS:
            verdict = self.style.ERROR("BROKEN") if invariant.name in found else self.style.SUCCESS("holds")
            self.stdout.write(f"{verdict}  {found.get(invariant.name, invariant.name)}")
        if found:
            raise CommandError(f"{len(found)} of {len(INVARIANTS)} invariants do not hold.")
