"""Each of the test processes has a Redis database of its own."""

import os

import pytest

from backend.stack.pytest_plugin import with_redis_database


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///tmp/x/valkey.sock", "unix:///tmp/x/valkey.sock?db=3"),
        ("unix:///tmp/x/valkey.sock?db=1", "unix:///tmp/x/valkey.sock?db=3"),
        ("redis://localhost:6379", "redis://localhost:6379/3"),
        ("rediss://:secret@localhost:6379/0?x=1", "rediss://:secret@localhost:6379/3?x=1"),
    ],
)
def test_the_server_stays_and_the_database_changes(url: str, expected: str) -> None:
    assert with_redis_database(url, 3) == expected


def test_the_tests_run_in_the_test_environment() -> None:
    assert os.environ["ENVIRONMENT"] == "test"
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= set(os.environ)
