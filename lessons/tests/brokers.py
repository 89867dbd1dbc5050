"""Brokers that are away: nobody listens, or somebody does and never says a word."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from celery import current_app
from pytest_django import Settings

from backend.addresses import for_kombu
from lessons.broker import breaker, connection
from lessons.tests.proxy import Proxy
from lessons.wake import waker

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Of Redis, and of the broker; the same server, unless that is RabbitMQ."""

    redis: str
    broker: str

    @classmethod
    def of(cls, settings: Any) -> Self:
        return cls(redis=settings.REDIS_URL, broker=settings.CELERY_BROKER_URL)

    @contextmanager
    def through_proxy(self) -> Iterator[tuple[Proxy, Self]]:
        """A proxy before the broker, and the addresses by which it is reached there."""
        is_redis = self.broker == for_kombu(self.redis)
        with Proxy(self.redis if is_redis else self.broker) as proxy:
            redis = proxy.url if is_redis else self.redis
            yield proxy, type(self)(redis=redis, broker=for_kombu(proxy.url))

    def environment(self) -> dict[str, str]:
        """The settings by which a process finds them."""
        return {
            "REDIS_URL": self.redis,
            "CELERY_BROKER_URL": self.broker,
            "CELERY_RESULT_BACKEND": for_kombu(self.redis),
        }


def _as_broker(redis_url: str, usual: str) -> str:
    """The place of a Redis that is away, as the kind of broker that is in use."""
    if not usual.startswith("amqp"):
        return for_kombu(redis_url)
    return urlsplit(usual)._replace(netloc=urlsplit(redis_url).netloc).geturl()


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
    usual = Addresses.of(settings)
    with where() as url:
        use_broker(Addresses(redis=url, broker=_as_broker(url, usual.broker)), settings)
        started = time.monotonic()
        try:
            yield
            seconds = time.monotonic() - started
        finally:
            use_broker(usual, settings)
    assert seconds < within_seconds, f"it took {seconds:.1f} s"


def use_broker(addresses: Addresses, settings: Settings) -> None:
    """Have this process forget the broker that it knows, and its troubles with it, for the one at these addresses."""
    waker().rest()
    settings.REDIS_URL, settings.CELERY_RESULT_BACKEND = addresses.redis, for_kombu(addresses.redis)
    settings.CELERY_BROKER_URL = addresses.broker
    if "CELERY_BROKER_URL" in os.environ:  # Celery would rather believe that
        os.environ["CELERY_BROKER_URL"] = addresses.broker
    connection.cache_clear()
    breaker.reset()
    app = current_app._get_current_object()
    app._after_fork()  # drops its pools
    app._backend_cache = app._local.backend = None
