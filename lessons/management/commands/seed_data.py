"""`manage.py seed_data`: people to log in as, and lessons in every status."""

import time
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import Progress

from lessons import lifecycle
from lessons.management.demo_accounts import STAFF, TEACHERS, ensure, refuse_production, student_accounts
from lessons.models import Dispatch, Lesson, SlotConflict, User
from lessons.models.outbox import notifying_over

SUBJECTS = (
    "Algebra",
    "Biology",
    "Chemistry",
    "Drama",
    "English",
    "Physics",
    "Геометрия",
    "История",
    "Литература",
    "Music",
)
LIVES = ((), ("schedule",), ("schedule", "start"), ("schedule", "start", "complete"), ("schedule", "cancel"))
HOURS = range(9, 17)
WAIT_SECONDS = 120


class Command(BaseCommand):
    help = "Demo accounts and lessons in every status. Repeatable: what is there already is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lessons", type=int, default=10, help="how many lessons (10)")
        parser.add_argument("--students", type=int, default=5, help="how many students, at least 5 (5)")
        parser.add_argument("--wait", action="store_true", help="until everybody has been told of the new lessons")

    def handle(self, *args: Any, lessons: int, students: int, wait: bool, **options: Any) -> None:
        refuse_production()
        if lessons < 0 or students < len(TEACHERS):
            raise CommandError(f"--lessons is 0 or more, --students {len(TEACHERS)} or more.")
        with Progress() as progress:
            teachers, pupils = self._people(students, progress)
            made = self._lessons(lessons, teachers, pupils, progress)
            if wait:
                self._wait(made, progress)
        self.stdout.write(f"{User.objects.count()} people, {len(made)} new lessons.")

    def _people(self, students: int, progress: Progress) -> tuple[list[User], list[User]]:
        accounts = [*STAFF, *TEACHERS, *student_accounts(students)]
        users = {account.username: ensure(account) for account in progress.track(accounts, description="People")}
        return [users[a.username] for a in TEACHERS], [users[a.username] for a in student_accounts(students)]

    def _lessons(self, number: int, teachers: list[User], pupils: list[User], progress: Progress) -> list[int]:
        """The ids of the lessons that were not there yet."""
        titles = [f"{SUBJECTS[n % len(SUBJECTS)]} {n + 1}" for n in range(number)]
        there = set(Lesson.objects.filter(title__in=titles, teacher__in=teachers).values_list("title", flat=True))
        made = []
        with notifying_over(["log"]):
            for n in progress.track(range(number), description="Lessons"):
                if titles[n] not in there:
                    made.append(self._lesson(n, titles[n], teachers[n % len(teachers)], pupils))
        return made

    def _lesson(self, n: int, title: str, teacher: User, pupils: list[User]) -> int:
        """Five lessons share an hour, each with a teacher and a student of its own."""
        slot = n // len(TEACHERS)
        start = self._hour(slot)
        try:
            lesson = lifecycle.create_lesson(
                actor=teacher,
                title=title,
                students=[pupils[(n % len(TEACHERS) + slot) % len(pupils)].pk],
                start_time=start,
                end_time=start + timedelta(hours=1),
                description="Made by seed_data.",
            )
            for name in LIVES[(n + slot) % len(LIVES)]:
                lifecycle.BY_TRANSITION[name](
                    lesson_id=lesson.pk, actor=teacher, reason="seed" if name == "cancel" else ""
                )
        except SlotConflict as error:
            self.stderr.write(f"“{title}” stays a draft: {error}")
        return lesson.pk

    def _hour(self, slot: int) -> datetime:
        day = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1 + slot // len(HOURS))
        return day.replace(hour=HOURS[slot % len(HOURS)])

    def _wait(self, lessons: list[int], progress: Progress) -> None:
        """Other lessons' messages may take as long as their channels do."""
        waiting = Dispatch.objects.filter(lesson__in=lessons, settled_at__isnull=True)
        total = waiting.count() or 1
        task = progress.add_task("Notifications", total=total)
        deadline = time.monotonic() + WAIT_SECONDS
        while left := waiting.count():
            if time.monotonic() > deadline:
                raise CommandError(f"{left} dispatches are not settled after {WAIT_SECONDS} s: is a worker running?")
            progress.update(task, completed=total - left)
            time.sleep(0.2)
        progress.update(task, completed=total)
