"""Whatever people do to lessons, in whatever order: the database says what the model says."""

from functools import partial

import pytest
from hypothesis.stateful import run_state_machine_as_test

from lessons.tests.model_based.life.cast import Cast
from lessons.tests.model_based.life.machine import LessonsLife
from lessons.tests.model_based.profiles import profile


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_a_lesson_lives_as_the_model_says() -> None:
    run_state_machine_as_test(partial(LessonsLife, Cast.gather()), settings=profile(examples=35))
