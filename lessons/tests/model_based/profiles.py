"""How long the machines run: a quick look that is the same every time, or a hunt.

MODEL_BASED=hunt pytest --timeout=0 lessons/tests/model_based
"""

import os

from hypothesis import HealthCheck, Phase, settings

HUNT_FACTOR = 20  # as many times the examples of the quick look, each twice as long: some ten minutes a machine

QUICK = settings(
    derandomize=True,
    database=None,
    deadline=None,  # an act is a handful of real transactions
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # to shrink what was found takes minutes: hunt for it
)


def profile(*, examples: int) -> settings:
    """The settings for a machine of which so many `examples` are a quick look."""
    if os.environ.get("MODEL_BASED") != "hunt":
        return settings(QUICK, max_examples=examples)
    phases = [Phase.generate, Phase.shrink]
    return settings(
        QUICK, derandomize=False, max_examples=examples * HUNT_FACTOR, stateful_step_count=80, phases=phases
    )
