"""The PostgreSQL server of the drills: one for all of them, each with a database of its own.

One that we start; or the one that DATABASE_URL names, which was there before and stays.
"""

import os
import sys
from typing import Any

from backend.stack.processes import Command
from lessons.tests.cluster import Cluster, EmbeddedCluster, observing

STUDENTS = 10
TEMPLATE = "drill_template"

# What became of each delivery, step by step: the rows alone tell only where it ended.
AUDIT = """
CREATE TABLE drill_step (
    delivery_id bigint, was text, became text, lease_until timestamptz, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION drill_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO drill_step VALUES (NEW.id, OLD.state, NEW.state, OLD.lease_until); RETURN NULL; END $$;
CREATE TRIGGER drill_note AFTER UPDATE ON lessons_delivery FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION drill_note();
"""


def cluster() -> Cluster:
    url = os.environ.get("DATABASE_URL")
    return BorrowedCluster(url) if url else own_cluster()


def own_cluster() -> Cluster:
    return EmbeddedCluster(TEMPLATE, prepare)


def prepare(server: Cluster) -> None:
    """Tables, people, and who notes what becomes of each delivery."""
    environment = {**os.environ, "ENVIRONMENT": "test", "SECRET_KEY": server.place.secret_key()}
    nobody = "redis://127.0.0.1:1/0"  # who would be told of the people that are made
    environment |= {"DATABASE_URL": server.url(TEMPLATE), "REDIS_URL": nobody, "CELERY_BROKER_URL": nobody}
    for arguments in (("migrate",), ("seed_data", "--lessons", "0", "--students", str(STUDENTS))):
        command = Command(name=arguments[0], arguments=(sys.executable, "manage.py", *arguments))
        process = server.supervisor.run(command, environment)
        assert process.popen.returncode == 0, process.log_tail()
    server.execute(TEMPLATE, AUDIT)


class BorrowedCluster(Cluster):
    """Somebody else's: instead of stopping it, its doors to the drills' databases are shut on everybody."""

    DOORS = "UPDATE pg_database SET datallowconn = {} WHERE datname LIKE 'drill\\_%' AND datname <> '" + TEMPLATE + "'"
    OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'drill\\_%'"

    def __init__(self, url: str) -> None:
        super().__init__(TEMPLATE, prepare)
        self._server_url = url.partition("?")[0].rpartition("/")[0]

    def start(self) -> None:
        self.maintain(self.DOORS.format("true"))

    def stop_immediately(self) -> None:
        self.maintain(self.DOORS.format("false"))
        self.maintain(self.OUT)

    def url(self, name: str) -> str:
        return f"{self._server_url}/{name}"

    def connect(self, name: str) -> Any:
        return observing(dsn=self.url(name))
