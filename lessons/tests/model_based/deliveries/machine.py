"""Delivery, act by act in every order: the relay's steps, workers that fail, die and freeze, lost messages, time.

After each act the laws hold; at the end everybody works well again, and all becomes quiet.
"""

import sys
from datetime import timedelta

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lessons.tests.model_based.acting import Act, acts_of
from lessons.tests.model_based.deliveries import acts as some
from lessons.tests.model_based.deliveries.laws import LAWS
from lessons.tests.model_based.deliveries.stage import Stage
from lessons.tests.model_based.deliveries.story import UNFINISHED, Records
from lessons.tests.model_based.fresh import forget_everything
from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.operations import Operation

A_DAY, MANY_DAYS = timedelta(days=1), 10


class DeliveriesMachine(RuleBasedStateMachine):
    def __init__(self, cast: Cast) -> None:
        super().__init__()
        forget_everything()
        self.stage = Stage(cast)

    @initialize(first=some.creations(0), second=some.creations(1))
    def two_lessons(self, first: Operation, second: Operation) -> None:
        for operation in (first, second):
            self.stage.a_lesson_changes(operation)

    @rule(act=acts_of(some.ACTS))
    def then(self, act: Act) -> None:
        act.play(self.stage)

    @invariant()
    def all_laws_hold(self) -> None:
        self._end_act()

    def _end_act(self) -> None:
        now = Records.read()
        for law in LAWS:
            law(now, self.stage.was, self.stage.story, self.stage.world)
        self.stage.was = now
        self.stage.clock.ends_act()

    def teardown(self) -> None:
        """In the end everybody is accounted for."""
        while self.stage.frozen:
            self.stage.a_frozen_worker_thaws(self.stage.frozen[0])
        if sys.exc_info()[0] is None:  # an act that failed has said already what is wrong
            self._end_act()
            self._become_quiet()

    def _become_quiet(self) -> None:
        for _ in range(MANY_DAYS):
            self.stage.clock.passes(A_DAY)
            self._deliver_all_that_is_due()
            for run_id in self.stage.runs:
                self.stage.a_run_is_closed(run_id)
            self._end_act()
            if self._is_quiet():
                return
        raise AssertionError(f"not quiet after {MANY_DAYS} days")

    def _deliver_all_that_is_due(self) -> None:
        self.stage.the_relay_passes()
        while self.stage.tasks:
            self._end_act()
            while self.stage.tasks:
                self.stage.a_worker_delivers(self.stage.tasks[0], [], again=False)
            self._end_act()
            self.stage.the_relay_passes()

    def _is_quiet(self) -> bool:
        rows = self.stage.was
        return (
            all(dispatch["settled_at"] for dispatch in rows.dispatches.values())
            and all(row["state"] not in UNFINISHED for row in rows.deliveries.values())
            and all(run["closed_at"] for run in rows.runs.values())
        )
