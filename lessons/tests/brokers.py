"""Brokers that are away: nobody listens, or somebody does and never says a word."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from celery import current_app
from pytest_django import Settings

from backend.addresses import for_kombu
from lessons.broker import breaker, connection

HOST = "127.0.0.1"
Place = Callable[[], AbstractContextManager[str]]


@contextmanager
def refused() -> Iterator[str]:
    """The address of a port on which nobody listens."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield f"redis://{HOST}:{held.getsockname()[1]}/0"


@contextmanager
def black_holed() -> Iterator[str]:
    """The address of somebody who takes connections and never answers."""
    with socket.create_server((HOST, 0)) as silent:
        yield f"redis://{HOST}:{silent.getsockname()[1]}/0"


AWAY: dict[str, Place] = {"refused": refused, "black-holed": black_holed}


@contextmanager
def broker_at(where: Place, settings: Settings, *, within_seconds: float) -> Iterator[None]:
    """For as long as the block runs, and that must not be long, this process has its broker there."""
    usual = settings.REDIS_URL
    with where() as url:
        use_broker(url, settings)
        started = time.monotonic()
        try:
            yield
            seconds = time.monotonic() - started
        finally:
            use_broker(usual, settings)
    assert seconds < within_seconds, f"it took {seconds:.1f} s"


def use_broker(url: str, settings: Settings) -> None:
    """Have this process forget the broker that it knows, and its troubles with it, for the one at `url`."""
    settings.REDIS_URL = url
    settings.CELERY_BROKER_URL = settings.CELERY_RESULT_BACKEND = for_kombu(url)
    connection.cache_clear()
    breaker.reset()
    app = current_app._get_current_object()
    app._after_fork()  # drops its pools
    app._backend_cache = app._local.backend = None
