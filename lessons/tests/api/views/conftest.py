from collections.abc import Callable

import pytest

from lessons.models import User
from lessons.tests.people import Student


@pytest.fixture
def class_of(db: None) -> Callable[[int], list[User]]:
    """So many students."""
    return Student.create_batch
