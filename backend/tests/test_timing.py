"""The time constants: whatever they are scaled by, each gives up before the next steps in."""

from dataclasses import asdict
from itertools import pairwise

import pytest

from backend.timing import Timing

SCALES = [1, 0.5, 0.02, 0.001]


@pytest.mark.parametrize("scale", SCALES)
def test_each_gives_up_before_the_next_steps_in(scale: float) -> None:
    timing = Timing.scaled(scale)

    order = [timing.provider_timeout, timing.soft_limit, timing.hard_limit, timing.lease, timing.visibility]
    assert all(sooner < later for sooner, later in pairwise(order))
    assert timing.tick < timing.launch_lease < timing.lease
    assert timing.batch + timing.provider_timeout < timing.soft_limit
    assert timing.batch < timing.launch_lease  # a batch that waits for a slot is taken in time


@pytest.mark.parametrize("scale", SCALES)
def test_all_constants_are_scaled_together(scale: float) -> None:
    assert asdict(Timing.scaled(scale)) == {name: seconds * scale for name, seconds in asdict(Timing()).items()}


def test_the_constants_in_production_are_those_that_were_promised() -> None:
    timing = Timing.scaled(1)

    assert timing == Timing()
    assert (timing.provider_timeout, timing.soft_limit, timing.hard_limit, timing.lease) == (10, 45, 60, 90)
    assert (timing.visibility, timing.launch_lease, timing.tick) == (300, 20, 10)


def test_a_worker_that_is_asked_to_end_has_finished_what_it_has_begun_within_half_a_minute() -> None:
    timing = Timing.scaled(1)

    assert timing.batch + timing.provider_timeout < 30
