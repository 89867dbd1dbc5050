"""A drill that cannot fail proves nothing. Each safeguard is taken out in turn, and a drill finds that it is missing.

    make drills-bite

Not collected with the other tests: each of these runs a whole drill.
"""

from collections.abc import Iterator

import pytest

from lessons.tests.cluster import Cluster
from lessons.tests.drills import catalogue
from lessons.tests.drills.cluster import own_cluster
from lessons.tests.drills.mutant import MUTATIONS
from lessons.tests.drills.registry import DRILLS
from lessons.tests.drills.verdict import run_drill
from lessons.tests.trials import Scale

QUICK = Scale(is_full=False)
FINDS = {
    "take": ("F11", "counts"),
    "fence": ("F3", "ran into what is recorded"),
    "unique constraint": ("F16", "doubled"),
    "row lock": ("F10", "were refused with"),
    "compare-and-set": ("F10", "started in"),
    "reaper": ("F2", "everybody told"),
}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Of our own, whatever servers the test run has."""
    with pytest.MonkeyPatch.context() as environment, own_cluster() as server:
        for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
            environment.delenv(name, raising=False)
        yield server


def test_each_safeguard_has_a_drill_that_misses_it() -> None:
    assert sorted(FINDS) == MUTATIONS
    assert {name for name, _ in FINDS.values()} <= set(catalogue.NAMES)


@pytest.mark.parametrize("mutation", FINDS)
def test_a_drill_fails_without(mutation: str, server: Cluster) -> None:
    name, finding = FINDS[mutation]

    verdict = run_drill(DRILLS[name], QUICK, server, mutation=mutation)

    assert any(finding in problem for problem in verdict.problems), f"{name} passed, or failed otherwise: {verdict}"
