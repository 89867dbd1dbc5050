"""Several threads that do something at the same moment, each with a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

PATIENCE_SECONDS = 30.0


def race(contenders: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of them returned or raised, in their order. All are connected before the first one runs."""
    start = Barrier(len(contenders))

    def run(contender: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE_SECONDS)
            return contender()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(contenders)) as threads:
        return list(threads.map(run, contenders))
