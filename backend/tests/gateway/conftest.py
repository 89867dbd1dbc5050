"""A gateway that answers quickly, and its journal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.gateway import Gateway
from backend.tests.gateway.clients import TOKEN


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "gateway.jsonl"


@pytest.fixture
def gateway(journal: Path) -> Iterator[Gateway]:
    with Gateway(token=TOKEN, latency_seconds=0.01, log=journal, seed=7) as running:
        yield running
