"""The same people as in the application's own tests."""

from lessons.tests.conftest import alice, bob  # noqa: F401
