"""Services for the tests: throw-away PostgreSQL and Valkey, for whichever the environment does not name.

Loaded with `-p backend.stack.pytest_plugin`. The servers run in the process that pytest was started in; the workers
of xdist inherit its environment. pytest-django gives each worker a database of its own (`test_lessons_gw0`), and this
plugin gives worker gwN the Redis database N + 1; 0 is left to a run without workers.
"""

import os
import re
import secrets
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from backend.stack.place import Place
from backend.stack.postgres import start_postgres
from backend.stack.supervisor import Supervisor
from backend.stack.valkey import start_valkey

# Left in the environment they would lead the tests' workers to somebody's broker. RabbitMQ is meant where it is named;
# it has no databases, so that such a run has no workers of xdist.
FOLLOW_REDIS_URL = ("CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CACHE_URL")
STARTERS = {"DATABASE_URL": start_postgres, "REDIS_URL": start_valkey}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Comes before pytest-django loads the settings: a wrapper runs ahead of every plain hook."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        database = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = with_redis_database(os.environ["REDIS_URL"], database)
    else:
        for name in FOLLOW_REDIS_URL:
            if not os.environ.get(name, "").startswith("amqp"):
                os.environ.pop(name, None)
        early_config.add_cleanup(_start_missing_services().close)
        _set_defaults()
    return (yield)


def with_redis_database(url: str, number: int) -> str:
    """The same server, another database: `?db=N` for a socket, `/N` for a host."""
    if url.startswith("unix:"):
        return f"{url.partition('?')[0]}?db={number}"
    return re.sub(r"^(\w+://[^/?]+)(/\d*)?", rf"\g<1>/{number}", url)


def _start_missing_services() -> ExitStack:
    """What ends the services when closed; an empty one when the environment names both."""
    with ExitStack() as services:
        if missing := [name for name in STARTERS if not os.environ.get(name)]:
            place = Place.throw_away()
            supervisor = services.enter_context(Supervisor(place.directory, throw_away=place.temporary))
            for name in missing:
                os.environ[name] = STARTERS[name](supervisor, place)
        return services.pop_all()  # whoever closes it ends them; an error above did already


def _set_defaults() -> None:
    os.environ.setdefault("ENVIRONMENT", "test")
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
