"""Maria's and Root's browsers."""

import pytest
from django.test import Client

from lessons.models import User


@pytest.fixture
def marias(maria: User) -> Client:
    return logged_in(maria)


@pytest.fixture
def roots(root: User) -> Client:
    return logged_in(root)


def logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client
