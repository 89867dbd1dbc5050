"""Where it is played: lessons, the relay, the broker and its workers; and every act that the machine can choose."""

from datetime import timedelta
from typing import Any

from lessons import lifecycle
from lessons.models import LessonEvent, User
from lessons.notifications import launch
from lessons.notifications.claim import Claim
from lessons.notifications.close import close_run
from lessons.notifications.expand import expand
from lessons.notifications.reap import reap
from lessons.notifications.reminders import remind
from lessons.tests.model_based.deliveries.clock import Clock
from lessons.tests.model_based.deliveries.relay import claim_as_promised, reap_as_promised
from lessons.tests.model_based.deliveries.story import Reach, Records, Story
from lessons.tests.model_based.deliveries.workers import Task, Turn, Worker
from lessons.tests.model_based.deliveries.world import CHANNELS, World
from lessons.tests.model_based.life.cast import STUDENTS, Cast
from lessons.tests.model_based.life.foretold import foretell
from lessons.tests.model_based.life.operations import Operation
from lessons.tests.model_based.life.school import Facts, Happened, Step, tells

A_LEASE = timedelta(seconds=95.2)


class Stage:
    """`was`: the rows after the latest act."""

    def __init__(self, cast: Cast) -> None:
        self.story, self.world, self.clock = Story(cast), World(), Clock()
        self.tasks: list[Task] = []  # the broker's
        self.runs: list[Any] = []
        self.frozen: list[Worker] = []
        for name in STUDENTS:
            self.somebody_is_reached_otherwise(name, Reach())
        self.was = Records.read()

    @property
    def dead(self) -> list[int]:
        return [pk for pk, row in self.was.deliveries.items() if row["state"] == "dead"]

    def time_passes(self, pause: timedelta) -> None:
        self.clock.passes(pause)

    # --- Lessons and people ----------------------------------------------------------------------------

    def a_lesson_changes(self, operation: Operation) -> None:
        school = self.story.school
        foretold = foretell(school, operation)
        assert isinstance(foretold, Facts)
        lesson = operation.do(self.story.cast, school.now)
        before, school.lessons[lesson.pk] = school.lessons.get(lesson.pk), foretold
        if foretold is not before and foretold.history[-1].tells:
            assert lesson.latest_event
            self.story.events[lesson.latest_event.pk] = foretold.history[-1]

    def an_hour_before_a_lesson(self, lesson_id: int) -> None:
        """Its people are reminded; if another one should have begun by now, its teacher is."""
        lessons = self.story.school.lessons
        remind(now=lessons[lesson_id].start - timedelta(hours=1))
        for event in LessonEvent.objects.filter(seq=None).exclude(pk__in=self.story.events):
            facts = lessons[event.lesson_id]
            occasion = Step(event.name, facts.status, facts.status)
            self.story.events[event.pk] = Happened(occasion, tells(occasion, facts, facts), {})

    def somebody_is_reached_otherwise(self, name: str, reach: Reach) -> None:
        self.story.reach[name] = reach
        User.objects.filter(pk=self.story.cast.id(name)).update(
            is_active=reach.is_active,
            email=f"{name}@school.example" if reach.has_email else "",
            muted_channels=sorted(reach.muted),
        )

    # --- The relay -------------------------------------------------------------------------------------

    def the_relay_reaps(self) -> None:
        reap_as_promised()

    def the_relay_expands(self, limit: int) -> None:
        expand(limit)

    def the_relay_claims(self, channel: str) -> None:
        """And launches: the broker has a message for each batch."""
        if claimed := self._claim(channel):
            self.tasks += [Task(claimed.run.pk, tuple(batch)) for batch in claimed.batches]

    def the_launch_fails(self, channel: str) -> None:
        if claimed := self._claim(channel):
            launch._give_back(claimed.run)

    def the_relay_passes(self) -> None:
        reap()
        expand()
        for channel in CHANNELS:
            self.the_relay_claims(channel)

    def leases_run_out(self) -> None:
        self.clock.passes(A_LEASE)
        self.the_relay_passes()

    def _claim(self, channel: str) -> Claim | None:
        claimed = claim_as_promised(CHANNELS[channel])
        if claimed:
            self.runs.append(claimed.run.pk)
        return claimed

    def a_dead_letter_is_redelivered(self, delivery_id: int) -> None:
        lifecycle.redeliver_delivery(delivery_id=delivery_id, actor=self.story.cast.user("maria"))

    # --- The broker, and its workers -------------------------------------------------------------------

    def a_worker_delivers(self, task: Task, script: list[Turn], again: bool) -> None:
        """`again`: the broker holds the message for lost, and will hand it out once more."""
        if not again:
            self.tasks.remove(task)
        worker = Worker(self.world, task, script)
        worker.works()
        self._has_worked(worker)

    def a_frozen_worker_thaws(self, worker: Worker) -> None:
        self.frozen.remove(worker)
        worker.thaws()
        self._has_worked(worker)

    def _has_worked(self, worker: Worker) -> None:
        if worker.is_frozen:
            self.frozen.append(worker)
        elif worker.retry:
            self.tasks.append(worker.retry)

    def the_broker_loses_a_message(self, task: Task) -> None:
        self.tasks.remove(task)

    def a_run_is_closed(self, run_id: Any) -> None:
        close_run(run_id=run_id)
