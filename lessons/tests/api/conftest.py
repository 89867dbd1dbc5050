"""What can be away while a request is served."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection

from lessons import broker


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of ours at which nobody listens: connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port at which connections are taken and nothing is ever answered."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1]


@pytest.fixture
def broker_at(settings: Any) -> Iterator[Callable[[int], None]]:
    """Makes this test's process look for Redis at another port."""

    def move(port: int) -> None:
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        broker.connection.cache_clear()

    yield move
    broker.connection.cache_clear()


@pytest.fixture
def database_away(closed_port: int) -> Callable[[], AbstractContextManager[None]]:
    """For a while the database refuses connections. Needs a test with real transactions."""

    @contextmanager
    def away() -> Iterator[None]:
        real = connection.settings_dict
        connection.close()
        connection.settings_dict = {**real, "HOST": "127.0.0.1", "PORT": closed_port}
        try:
            yield
        finally:
            connection.settings_dict = real
            connection.close()

    return away
