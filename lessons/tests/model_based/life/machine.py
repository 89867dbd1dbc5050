"""A lesson's life, in every order: by the life cycle's functions and by plain shells, rolled back and done twice."""

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lessons.tests.model_based.acting import Act, acts_of
from lessons.tests.model_based.fresh import forget_everything
from lessons.tests.model_based.life import acts as some
from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.operations import Operation
from lessons.tests.model_based.life.records import LAWS, Records
from lessons.tests.model_based.life.stage import Stage


class LessonsLife(RuleBasedStateMachine):
    def __init__(self, cast: Cast) -> None:
        super().__init__()
        forget_everything()
        self.stage = Stage(cast)

    @initialize(operation=some.creations())
    def first_lesson(self, operation: Operation) -> None:
        self.stage.carry_out(operation)

    @rule(act=acts_of(some.ACTS))
    def then(self, act: Act) -> None:
        act.play(self.stage)

    @invariant()
    def all_laws_hold(self) -> None:
        records = Records.read(self.stage.cast)
        for law in LAWS:
            law(records, self.stage.school, self.stage.cast)
