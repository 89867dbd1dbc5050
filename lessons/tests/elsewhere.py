"""The suite, and the quick drills, on servers that were there before: we bring ours, and need none of them.

    python -m lessons.tests.elsewhere [PLACE …]

The servers are those of TEST_POSTGRES_URL, TEST_REDIS_URL and TEST_RABBITMQ_URL. What tests leave in them is theirs:
databases that begin with `test_` or `drill_`, the Redis database of the URL, and the queues of RabbitMQ's virtual host.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis
from kombu import Connection
from rich.console import Console

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/lessons")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/7")
RABBITMQ_URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
PLACES = {
    "rabbitmq": {"CELERY_BROKER_URL": RABBITMQ_URL},
    "postgres-redis": {"DATABASE_URL": POSTGRES_URL, "REDIS_URL": REDIS_URL},
}
SUITE = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
DRILLS = (sys.executable, "-m", "lessons.tests.drills")
PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class Suite:
    """One that runs, and what it prints."""

    place: str
    process: subprocess.Popen[bytes]
    log: Path

    def passed(self) -> bool:
        return self.process.wait() == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="elsewhere", description="The suite and the drills on servers not our own.")
    parser.add_argument("places", nargs="*", metavar="PLACE", help=f"which of {', '.join(PLACES)} (all)")
    places = parser.parse_args().places or list(PLACES)
    if unknown := set(places) - set(PLACES):
        parser.error(f"no place is called {', '.join(unknown)}: there are {', '.join(PLACES)}")
    console = Console(soft_wrap=True, highlight=False)
    for place in places:
        console.print(f"{place}: {', '.join(_versions(PLACES[place]))}")
    failed = [*_run_suites(places, console), *_run_drills(places, console)]
    console.print(f"failed: {', '.join(failed)}" if failed else "all passed", style="bold red" if failed else "green")
    return 1 if failed else 0


def _run_suites(places: list[str], console: Console) -> list[str]:
    """Side by side, each in one process; the drills come after, for they measure seconds."""
    with tempfile.TemporaryDirectory() as logs, console.status("the suites run side by side"):
        suites = [_start_suite(place, Path(logs)) for place in places]
        for suite in suites:
            passed = suite.passed()
            lines = suite.log.read_text().splitlines()
            console.print(f"{suite.place}, the suite: {lines[-1] if lines else 'it printed nothing'}", markup=False)
            if not passed:
                console.print("\n".join(lines), markup=False)
        return [f"{suite.place}, the suite" for suite in suites if not suite.passed()]


def _start_suite(place: str, logs: Path) -> Suite:
    log = logs / f"{place}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(SUITE, env=_environment(place), stdout=output, stderr=subprocess.STDOUT)
    return Suite(place, process, log)


def _run_drills(places: list[str], console: Console) -> list[str]:
    failed = []
    for place in places:
        console.print(f"{place}, the drills:")
        if subprocess.run(DRILLS, env=_environment(place), check=False).returncode:
            failed.append(f"{place}, the drills")
    return failed


def _environment(place: str) -> dict[str, str]:
    ours = {"DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CACHE_URL"}
    return {name: value for name, value in os.environ.items() if name not in ours} | PLACES[place]


def _versions(addresses: Mapping[str, str]) -> list[str]:
    """What answers there. Ends the program where nothing does: a run without its server would show nothing."""
    return [VERSIONS[name](url) for name, url in addresses.items()]


def _postgres_version(url: str) -> str:
    server = url.rpartition("/")[0]
    try:
        connection = psycopg2.connect(f"{server}/postgres", connect_timeout=PATIENCE_SECONDS)
    except psycopg2.OperationalError as error:
        sys.exit(f"elsewhere: no PostgreSQL answers at {server}; start one, or set TEST_POSTGRES_URL: {error}")
    version = connection.server_version
    connection.close()
    return f"PostgreSQL {version // 10_000}.{version % 10_000}"


def _redis_version(url: str) -> str:
    try:
        info = redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS).info("server")
    except redis.RedisError as error:
        sys.exit(f"elsewhere: no Redis answers at {url}; start one, or set TEST_REDIS_URL: {error}")
    return f"Redis {info['redis_version']}"


def _rabbitmq_version(url: str) -> str:
    try:
        with Connection(url, connect_timeout=PATIENCE_SECONDS) as connection:
            properties = connection.connection.server_properties
    except OSError as error:
        sys.exit(f"elsewhere: no RabbitMQ answers at {url}; start one, or set TEST_RABBITMQ_URL: {error}")
    return f"RabbitMQ {properties['version']}"


VERSIONS = {"DATABASE_URL": _postgres_version, "REDIS_URL": _redis_version, "CELERY_BROKER_URL": _rabbitmq_version}

if __name__ == "__main__":
    sys.exit(main())
