"""`manage.py doctor`: what is wrong, and what to do about it."""

from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from backend.doctor import examine


class Command(BaseCommand):
    help = "Look at every part, and say in one screen what is wrong (exit code 1) and what to do."
    requires_system_checks = ()  # they are among what is looked at

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine())
        table = Table(box=None, pad_edge=False, show_header=False)
        for finding in findings:
            verdict = "[red]wrong[/]" if finding.problem else "[green]ok[/]"
            words = f"{finding.problem}\n[dim]→ {finding.advice}[/]" if finding.problem else f"[dim]{finding.detail}[/]"
            table.add_row(verdict, finding.name, words)
        Console(file=cast(Any, self.stdout)).print(table)
        if wrong := [finding.name for finding in findings if finding.problem]:
            raise CommandError(f"{len(wrong)} of {len(findings)} are not as they should be: {', '.join(wrong)}")
        self.stdout.write(f"All {len(findings)} are as they should be.")
