"""The DATABASES' ENGINE: Django's own, whose kept connections are looked at instead of asked."""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    connection: Any

    def is_usable(self) -> bool:
        """Whether the server is still there. It says so when it goes: an idle connection has something to read then, or
        its end. Where something has gone wrong on the connection, the server is asked."""
        if self.errors_occurred:
            return super().is_usable()
        return not self.connection.closed and not _has_something_to_read(self.connection)


def _has_something_to_read(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
