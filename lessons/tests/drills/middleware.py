"""Redis and the broker of a drill: a Valkey of our own, or those that REDIS_URL and CELERY_BROKER_URL name.

What we did not start is not stopped, either: it is cut off from everybody, and forgets what the drill left there.
"""

import os
from contextlib import ExitStack
from typing import Protocol

import redis
from kombu import Connection

from backend.addresses import for_kombu
from backend.stack.application import QUEUES
from backend.stack.place import Place
from backend.stack.supervisor import Supervisor
from backend.stack.valkey import start_valkey
from lessons.tests.proxy import Proxy


class RedisServer(Protocol):
    url: str  # as the application reaches it

    def start(self) -> None:
        """Empty, whatever it held before."""

    def stop(self) -> None: ...


class OwnRedis:
    def __init__(self, supervisor: Supervisor, place: Place) -> None:
        self._supervisor, self._place = supervisor, place
        self.start()

    def start(self) -> None:
        self.url = start_valkey(self._supervisor, self._place)

    def stop(self) -> None:
        self._supervisor.stop(self._supervisor.named("valkey"))


class BorrowedRedis:
    def __init__(self, url: str, ends: ExitStack) -> None:
        self._server = redis.Redis.from_url(url)
        self._server.flushdb()
        self._proxy = ends.enter_context(Proxy(url))
        self.url = self._proxy.url

    def start(self) -> None:
        self._server.flushdb()
        self._proxy.pass_on()

    def stop(self) -> None:
        self._proxy.refuse()


class Middleware:
    """`proxy` stands before the broker where a drill is to take that away."""

    proxy: Proxy

    def __init__(self, supervisor: Supervisor, place: Place, ends: ExitStack, *, proxied: bool) -> None:
        borrowed = os.environ.get("REDIS_URL")
        self.server: RedisServer = BorrowedRedis(borrowed, ends) if borrowed else OwnRedis(supervisor, place)
        self._rabbitmq = os.environ.get("CELERY_BROKER_URL", "")
        if self._rabbitmq:
            self._purge()
        proxied = proxied or bool(self._rabbitmq)  # the only way to take RabbitMQ away
        if proxied:
            self.proxy = ends.enter_context(Proxy(self._rabbitmq or self.server.url))
        redis_url = self.proxy.url if proxied and not self._rabbitmq else self.server.url
        self.settings = {
            "REDIS_URL": redis_url,
            "CACHE_URL": redis_url,
            "CELERY_RESULT_BACKEND": for_kombu(redis_url),
            "CELERY_BROKER_URL": for_kombu(redis_url),
        }
        if self._rabbitmq:
            self.settings["CELERY_BROKER_URL"] = self.proxy.url

    def redis(self) -> redis.Redis:
        """Redis itself, past a proxy."""
        return redis.Redis.from_url(self.server.url)

    def forget_everything(self) -> None:
        """As FLUSHALL, and on RabbitMQ a purge of every queue."""
        self.redis().flushdb()
        if self._rabbitmq:
            self._purge()

    def restart(self) -> None:
        """Redis, which forgets everything; before it RabbitMQ, which hangs up on everybody and forgets nothing."""
        if self._rabbitmq:
            self.proxy.refuse()
        self.server.stop()
        self.server.start()
        if self._rabbitmq:
            self.proxy.pass_on()

    def queue_length(self, queue: str) -> int:
        """How many tasks the broker holds that no worker has taken."""
        if not self._rabbitmq:
            return int(self.redis().llen(queue))
        with Connection(self._rabbitmq) as connection:
            return int(connection.default_channel.queue_declare(queue, passive=True).message_count)

    def _purge(self) -> None:
        with Connection(self._rabbitmq) as connection:
            for queue in QUEUES:
                try:
                    connection.default_channel.queue_purge(queue)
                except connection.channel_errors:  # nobody has made it yet
                    connection.default_channel.close()
                    connection._default_channel = None
