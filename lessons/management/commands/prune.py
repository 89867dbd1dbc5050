"""`manage.py prune`: what beat removes every hour, all of it at once."""

from typing import Any

from django.core.management.base import BaseCommand
from rich.progress import BarColumn, Progress, TextColumn

from lessons.retention.prune import KINDS


class Command(BaseCommand):
    help = (
        "Remove the deliveries, chord runs, stored answers and tokens that have served their time (see RETENTION_DAYS)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # Nobody knows beforehand how much it is: counting would take as long as removing.
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
        removed = dict.fromkeys(KINDS, 0)
        with Progress(*columns) as progress:
            for name, batches in KINDS.items():
                bar = progress.add_task(name.capitalize(), total=None)
                for number in batches():
                    removed[name] += number
                    progress.advance(bar, number)
                progress.update(bar, total=removed[name])
        self.stdout.write(f"Removed {', '.join(f'{number} {name}' for name, number in removed.items())}.")
