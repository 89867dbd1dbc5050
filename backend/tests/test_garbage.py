"""What has been imported stays: collecting garbage does not look through it, which would hold up everybody."""

import gc
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.signals import worker_process_init

from backend.stack.processes import PROJECT_ROOT


@pytest.fixture(autouse=True)
def _nothing_is_left_alone() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_a_workers_process_leaves_alone_what_it_was_born_with() -> None:
    worker_process_init.send(sender=None)

    assert gc.get_freeze_count() > 100_000


def test_so_does_a_process_of_the_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    configuration = runpy.run_path(str(PROJECT_ROOT / "docker/gunicorn.conf.py"))

    configuration["post_worker_init"](None)

    assert gc.get_freeze_count() > 100_000
